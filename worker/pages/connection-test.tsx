/** What a test of one group found: in words, as rows, and as the body that would be sent. */
import type { TestGroup } from '../../src/domain/form-field.ts';
import type { TestCell, TestResult, TestTable } from '../../src/jobs/test-connection.ts';
import type { FieldError } from '../respond.ts';
import { Icon } from './ui/badge.tsx';
import { numberText } from './ui/number.tsx';
import { Scroll } from './ui/scroll.tsx';
import { type Moment, Time } from './ui/time.tsx';

/** A test's outcome, or why it could not be made. */
export type ShownTest =
  | { readonly kind: 'tested'; readonly result: TestResult }
  | { readonly kind: 'invalid'; readonly errors: readonly (FieldError & { readonly label: string })[] };

export const GROUP_TITLES: Readonly<Record<TestGroup, string>> = {
  'real-time': 'Real-time adherence integration',
  historical: 'Historical contact volume data collection',
  wfm: 'CXone Mpower WFM',
};

export function TestPanel({ group, test, moment }: { group: TestGroup; test: ShownTest; moment: Moment }) {
  if (test.kind === 'invalid') {
    return (
      <div class="test-result bad">
        <p>
          <strong>Not tested.</strong> Complete this group first:
        </p>
        <ul class="plain-list">
          {test.errors.map(({ label, message }) => (
            <li>
              {label}: {message}
            </li>
          ))}
        </ul>
      </div>
    );
  }
  const { ok, findings, table, body, acdDetails } = test.result;
  return (
    <div class={`test-result ${ok ? 'good' : 'bad'}`}>
      <p>
        <strong>{ok ? 'The test went well.' : 'The test failed.'}</strong>{' '}
        <span class="quiet">Nothing was stored and nothing was sent.</span>
      </p>
      <ul class="findings">
        {findings.map(({ tone, text }) => (
          <li>
            <Icon tone={tone} />
            <p>{text}</p>
          </li>
        ))}
      </ul>
      {table && table.rows.length > 0 && <Rows table={table} title={GROUP_TITLES[group]} moment={moment} />}
      {body !== null && (
        <details>
          <summary>The body that would be sent</summary>
          <pre>
            <code>{JSON.stringify(JSON.parse(body), null, 2)}</code>
          </pre>
        </details>
      )}
      {acdDetails !== null && (
        <details>
          <summary>What CXone says about its ACDs</summary>
          <pre>
            <code>{acdDetails}</code>
          </pre>
        </details>
      )}
    </div>
  );
}

function Rows({ table, title, moment }: { table: TestTable; title: string; moment: Moment }) {
  const { columns, rows, total } = table;
  return (
    <Scroll label={`${title}: the first rows`}>
      <table>
        <caption>
          {rows.length < total
            ? `The first ${rows.length} of ${numberText(total)} rows, as the bridge understands them`
            : 'The rows, as the bridge understands them'}
        </caption>
        <thead>
          <tr>
            {columns.map((column, i) => (
              <th scope="col" class={typeof rows[0]?.[i] === 'number' ? 'n' : undefined}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {row.map((cell) => (
                <td class={typeof cell === 'number' ? 'n' : undefined}>
                  <Cell cell={cell} moment={moment} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Cell({ cell, moment }: { cell: TestCell; moment: Moment }) {
  if (typeof cell === 'object') return <Time atMs={cell.atMs} moment={moment} />;
  return <>{typeof cell === 'number' ? numberText(cell) : cell}</>;
}
