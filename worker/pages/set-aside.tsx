/** Records that were refused for good: which, why, and a button to send each once more. */
import type { ConnectionRow } from '../../src/store/connections.ts';
import type { SetAsideRow } from '../../src/store/diary-read.ts';
import type { Identity } from '../app.ts';
import { Layout } from './layout.tsx';
import { Badge } from './ui/badge.tsx';
import { Scroll } from './ui/scroll.tsx';
import { type Moment, Time } from './ui/time.tsx';

export interface SetAsidePageProps {
  readonly identity: Identity | null;
  readonly connections: readonly ConnectionRow[];
  readonly connection: ConnectionRow | null;
  readonly records: readonly SetAsideRow[];
  /** Address of the next page, null on the last one. */
  readonly older: string | null;
  readonly moment: Moment;
  readonly notice?: string | undefined;
}

export function SetAsidePage(props: SetAsidePageProps) {
  const { identity, connections, connection, records, older, moment, notice } = props;
  return (
    <Layout
      title="Set aside"
      identity={identity}
      {...(connection && {
        connection: {
          id: connection.id,
          name: connection.name,
          paused: connection.paused,
          section: 'set-aside' as const,
        },
      })}
    >
      <div class="page-head">
        <div>
          <h1>Set aside</h1>
          <p class="quiet">
            Records that were refused for good, with the reason. Mend the cause, then send them again.
          </p>
        </div>
        {connections.length > 1 && (
          <nav class="tabs" aria-label="Connection">
            {connections.map(({ id, name }) => (
              <a href={`/set-aside?connection=${id}`} aria-current={id === connection?.id ? 'page' : undefined}>
                {name}
              </a>
            ))}
          </nav>
        )}
      </div>
      {notice && (
        <p class="notice good" role="status">
          {notice}
        </p>
      )}
      {connection === null || records.length === 0 ? (
        <section class="card empty">
          <p>
            Nothing is set aside. A record that the WFM refuses for good, or a row of the ACD that makes no sense, is
            listed here with the reason.
          </p>
        </section>
      ) : (
        <section class="card flush">
          <Scroll label="Records set aside">
            <Records records={records} moment={moment} connectionId={connection.id} />
          </Scroll>
        </section>
      )}
      {older && (
        <p>
          <a href={older}>Older records</a>
        </p>
      )}
    </Layout>
  );
}

function Records({
  records,
  moment,
  connectionId,
}: {
  records: readonly SetAsideRow[];
  moment: Moment;
  connectionId: number;
}) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Stream</th>
          <th scope="col">Record</th>
          <th scope="col">Reason</th>
          <th scope="col">
            <span class="hidden">Send again</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {records.map((record) => (
          <tr>
            <td class="nowrap">
              <Time atMs={record.atMs} moment={moment} />
            </td>
            <td class="nowrap">{record.stream === 'acd' ? 'row of the ACD' : record.stream.replace('-', ' ')}</td>
            <td>
              <details class="record">
                <summary>{record.recordKey}</summary>
                <pre>
                  <code>{JSON.stringify(JSON.parse(record.record), null, 2)}</code>
                </pre>
              </details>
            </td>
            <td>
              {record.httpStatus !== null && <span class="quiet">{record.httpStatus} </span>}
              {record.reason}
            </td>
            <td class="nowrap">
              {record.status === 'sent again' ? (
                <Badge tone="good">Sent again</Badge>
              ) : (
                <form method="post" action={`/set-aside/${connectionId}/${record.id}/send-again`}>
                  <button type="submit" class="secondary small">
                    Send again
                  </button>
                </form>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
