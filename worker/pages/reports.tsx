/** Which connection's reports: where there are several, or none. */
import type { ConnectionRow } from '../../src/store/connections.ts';
import type { Identity } from '../app.ts';
import { Layout } from './layout.tsx';
import { Empty, PageHead } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';

export function ReportsPage({
  identity,
  connections,
}: {
  identity: Identity | null;
  connections: readonly ConnectionRow[];
}) {
  return (
    <Layout title="Reports" identity={identity} section="reports">
      <PageHead
        title="Reports"
        lead="What was stored, for people: volume and handle time, and adherence to schedules."
      />
      {connections.length === 0 ? (
        <Empty title="No connection yet">
          <p>
            Reports are made of what a connection collects. <a href="/connections/new">Create a connection</a> first.
          </p>
        </Empty>
      ) : (
        <section class="card flush">
          <Scroll label="Reports by connection">
            <table>
              <caption class="hidden">Reports by connection</caption>
              <thead>
                <tr>
                  <th scope="col">Connection</th>
                  <th scope="col">Reports</th>
                </tr>
              </thead>
              <tbody>
                {connections.map(({ id, name }) => (
                  <tr>
                    <th scope="row">{name}</th>
                    <td>
                      <a href={`/connections/${id}/reports/volume`}>Volume and handle time</a> ·{' '}
                      <a href={`/connections/${id}/reports/adherence`}>Adherence</a> ·{' '}
                      <a href={`/connections/${id}/reports/schedules`}>Schedules</a>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </section>
      )}
    </Layout>
  );
}
