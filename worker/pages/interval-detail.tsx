/** Parts of an interval's page: figures per queue in every revision, and the bodies that were sent, word for word. */
import { INTERVAL_MS } from '../../src/domain/interval.ts';
import { splitAtServiceLevel } from '../../src/domain/queue-interval.ts';
import type { FigureRevision, IntervalReport, QueueFigureHistory } from '../../src/store/interval-read.ts';
import type { ShownBody } from '../sent-bodies.ts';
import { minutesText } from './coverage-day.tsx';
import { intervalName } from './ui/day.tsx';
import { Num, numberText } from './ui/number.tsx';
import { Scroll } from './ui/scroll.tsx';
import { type Moment, Time } from './ui/time.tsx';

export const STREAM_WORDS: Readonly<Record<IntervalReport['stream'], string>> = {
  historical: 'Queue figures and performance',
  'agent-activity': 'Agent activity',
};

export interface FiguresProps {
  readonly connectionId: number;
  readonly startMs: number;
  readonly figures: readonly QueueFigureHistory[];
  /** How many queues are not listed because there are too many. */
  readonly figuresLeftOut: number;
  /** The connection's share of contacts answered within the service level, percent. */
  readonly shortPct: number;
  readonly moment: Moment;
}

export function Figures({ connectionId, startMs, figures, figuresLeftOut, shortPct, moment }: FiguresProps) {
  const api = `/api/v1/connections/${connectionId}/intervals`;
  const range = new URLSearchParams({
    from: new Date(startMs).toISOString(),
    to: new Date(startMs + INTERVAL_MS).toISOString(),
    format: 'csv',
  });
  return (
    <section class="card flush">
      <div class="card-head">
        <h2>Figures by queue</h2>
        {figures.length > 0 && <a href={`${api}?${range}`}>CSV</a>}
      </div>
      {figures.length === 0 ? (
        <p class="quiet pad">
          Nothing is stored of this interval yet. What each queue did will be here once it is read.
        </p>
      ) : (
        <Scroll label="Figures by queue">
          <table>
            <thead>
              <tr>
                <th scope="col">Queue</th>
                <th scope="col">Key in the WFM</th>
                <th scope="col" class="n">
                  Revision
                </th>
                <th scope="col" class="n">
                  Contacts
                </th>
                <th scope="col" class="n">
                  Abandoned
                </th>
                <th scope="col" class="n">
                  Handled
                </th>
                <th scope="col" class="n">
                  Mean handle time
                </th>
                <th scope="col" class="n">
                  Service level
                </th>
                <th scope="col">Read</th>
              </tr>
            </thead>
            <tbody>
              {figures.flatMap((queue) =>
                queue.revisions.map((figure, index) => (
                  <FigureRow queue={queue} figure={figure} isLatest={index === 0} shortPct={shortPct} moment={moment} />
                )),
              )}
            </tbody>
          </table>
        </Scroll>
      )}
      {figuresLeftOut > 0 && (
        <p class="quiet pad">The {numberText(figuresLeftOut)} queues with the fewest contacts are in the CSV only.</p>
      )}
    </section>
  );
}

function FigureRow(props: {
  queue: QueueFigureHistory;
  figure: FigureRevision;
  isLatest: boolean;
  shortPct: number;
  moment: Moment;
}) {
  const { queue, figure, isLatest, shortPct, moment } = props;
  const { handledShort, handledLong, serviceLevelPct } = splitAtServiceLevel(figure, queue.shortPct ?? shortPct);
  const handled = handledShort + handledLong;
  return (
    <tr class={isLatest ? undefined : 'former'}>
      <th scope="row">
        {queue.name || queue.sourceId || `Queue ${queue.queueId}`}
        {isLatest && !queue.included && <span class="tag">left out</span>}
        {isLatest && queue.mixed && <span class="tag warn">mixed</span>}
        {!isLatest && <span class="quiet"> before</span>}
      </th>
      <td>{isLatest && <code>{queue.queueValue}</code>}</td>
      <td class="n">{figure.revision}</td>
      <td class="n">
        <Num value={figure.offered} />
      </td>
      <td class="n">
        <Num value={figure.abandoned} />
      </td>
      <td class="n">
        <Num value={handled} />
      </td>
      <td class="n">{handled > 0 ? minutesText(figure.handleTimeMs / handled) : <span class="quiet">–</span>}</td>
      <td class="n">{handled > 0 ? `${serviceLevelPct} %` : <span class="quiet">–</span>}</td>
      <td class="nowrap">
        {figure.inferred ? (
          <span class="quiet" title="The answer left the queue out: nobody called.">
            not in the answer
          </span>
        ) : (
          <Time atMs={figure.readAtMs} moment={moment} />
        )}
      </td>
    </tr>
  );
}

export function Bodies({ bodies, here, moment }: { bodies: readonly ShownBody[]; here: string; moment: Moment }) {
  return (
    <section class="card">
      <h2>Sent to the WFM</h2>
      {bodies.length === 0 ? (
        <p class="quiet">
          No body is kept for this interval: nothing was sent yet, or it is past its retention. Each body and its answer
          is here once the WFM has accepted it.
        </p>
      ) : (
        <>
          <p class="quiet">Formatted for reading; the download is byte for byte what was sent.</p>
          {bodies.map((body) => (
            <SentBody body={body} here={here} moment={moment} />
          ))}
        </>
      )}
    </section>
  );
}

function SentBody({ body, here, moment }: { body: ShownBody; here: string; moment: Moment }) {
  const { stream, revision, part, sentAtMs, answer, sha256, keptBytes, text, isCut, startMs } = body;
  const query = new URLSearchParams({
    stream,
    start: intervalName(startMs),
    revision: String(revision),
    part: String(part),
  });
  return (
    <details class="sent">
      <summary>
        {STREAM_WORDS[stream]}, revision {revision}
        {part > 0 && `, part ${part + 1}`} <span class="quiet">sent</span> <Time atMs={sentAtMs} moment={moment} />{' '}
        <span class="quiet">answered {answer}</span>
      </summary>
      <p class="quiet sha">
        SHA-256 <code>{sha256}</code>{' '}
        {keptBytes !== null && (
          <a href={`${here}/body?${query}`} download>
            Download
          </a>
        )}
      </p>
      {keptBytes === null && <p>The body was too large to be kept. Its fingerprint is.</p>}
      {text !== null && (
        <Scroll label={`Body of ${STREAM_WORDS[stream]}, revision ${revision}, part ${part + 1}`}>
          <pre>
            <code>{text}</code>
          </pre>
        </Scroll>
      )}
      {isCut && <p class="quiet">Cut here: the whole body is in the download.</p>}
    </details>
  );
}
