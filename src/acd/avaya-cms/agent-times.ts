/**
 * The rows of `hagent` put together: one row an agent, split, extension and interval there; one record an agent and
 * interval, and one an agent, split and interval here. The times "over all splits" (`ti_…`) stand in the row of the split
 * that the agent has been signed in to the longest, and move when that one changes: they are added up, as Avaya's
 * dictionary of database items asks for. The times of each split (`i_…`) run side by side: of them the longest counts.
 */
import { INTERVAL_MS } from '../../domain/interval.ts';
import type { CheckedRecord } from '../../domain/record.ts';
import { type MutableExport, startText } from './export-result.ts';
import { durationMs, type Row, RowRefused } from './export-row.ts';

/** CMS counts whole seconds, each time by itself: so much may the parts differ from the whole. */
const ROUNDING_MS = 5_000;
const TIMES = ['stafftime', 'availtime', 'auxtime'] as const;

export interface AgentRow {
  readonly row: Row;
  readonly agentId: string;
  /** '' where an agent was signed in to no split. */
  readonly queueId: string;
  readonly startMs: number;
  readonly quarters: 1 | 2;
}

interface AgentInterval {
  readonly first: AgentRow;
  readonly times: Record<(typeof TIMES)[number], number>;
}

interface AgentQueue {
  readonly first: AgentRow;
  readonly record: Omit<CheckedRecord<'agent-queue-intervals'>, 'agentId' | 'queueId' | 'start'>;
}

export class AgentTimes {
  readonly #isOverAll: Record<(typeof TIMES)[number], boolean>;
  readonly #rows = new Map<string, Row>();
  readonly #agents = new Map<string, AgentInterval>();
  readonly #queues = new Map<string, AgentQueue>();
  /** Line by which an agent's interval is not whole. */
  readonly #spoiled = new Map<string, number>();

  /** `names`: the columns of the export. */
  constructor(names: ReadonlySet<string>) {
    const isOverAll = (what: string) => names.has(`ti_${what}`);
    this.#isOverAll = {
      stafftime: isOverAll('stafftime'),
      availtime: isOverAll('availtime'),
      auxtime: isOverAll('auxtime'),
    };
  }

  /** Adds a row. Returns false for one that was there already, cell by cell; throws RowRefused for one that is not usable. */
  add(agent: AgentRow): boolean {
    const { row, queueId } = agent;
    const key = [agentKey(agent), queueId, row.text('extn'), row.text('loc_id')].join('\n');
    const before = this.#rows.get(key);
    if (before?.whole === row.whole) return false;
    if (before) {
      throw new RowRefused(
        `Line ${before.line} has other figures for the same agent, split and interval. Where an agent changed the extension, export extn and loc_id too.`,
      );
    }
    this.#rows.set(key, row);
    const times = this.#timesOf(row);
    const figures = {
      handled: row.count('acdcalls'),
      handleTimeMs: row.durationMs('acdtime') + row.durationMs('holdtime'),
      workTimeMs: row.optional('acwtime', durationMs) ?? 0,
      holdTimeMs: row.durationMs('holdtime'),
    };
    this.#addTimes(agent, times);
    if (queueId !== '') this.#addFigures(agent, figures);
    return true;
  }

  /** Notes that a row of this agent and interval was not taken: the others are a part of the truth. */
  spoil(agent: AgentRow): void {
    this.#spoiled.set(agentKey(agent), agent.row.line);
  }

  /** Writes the records; an agent's interval that is not whole is refused at each line that began one. */
  writeInto(result: MutableExport): void {
    for (const [key, { first, times }] of this.#agents) {
      const spoiledBy = this.#spoiled.get(key);
      const reason =
        spoiledBy === undefined
          ? this.#writeTimes(first, times, result)
          : `Line ${spoiledBy}, of the same agent and interval, was refused: without it the times are not whole.`;
      if (reason !== null) result.refused.push({ line: first.row.line, reason });
    }
    for (const { first, record } of this.#queues.values()) {
      if (this.#spoiled.has(agentKey(first))) continue;
      const { agentId, queueId, startMs, row } = first;
      result.records['agent-queue-intervals'].push({
        line: row.line,
        record: { agentId, queueId, start: startText(startMs), ...record },
      });
    }
  }

  #timesOf(row: Row): AgentInterval['times'] {
    const read = (what: (typeof TIMES)[number]) => row.durationMs(`${this.#isOverAll[what] ? 'ti' : 'i'}_${what}`);
    return { stafftime: read('stafftime'), availtime: read('availtime'), auxtime: read('auxtime') };
  }

  #addTimes(agent: AgentRow, times: AgentInterval['times']): void {
    const known = this.#agents.get(agentKey(agent));
    if (!known) {
      this.#agents.set(agentKey(agent), { first: agent, times });
      return;
    }
    for (const what of TIMES) {
      const both = [known.times[what], times[what]] as const;
      known.times[what] = this.#isOverAll[what] ? both[0] + both[1] : Math.max(...both);
    }
  }

  #addFigures(agent: AgentRow, figures: AgentQueue['record']): void {
    const key = `${agentKey(agent)}\n${agent.queueId}`;
    const known = this.#queues.get(key)?.record;
    const record = known
      ? {
          handled: known.handled + figures.handled,
          handleTimeMs: known.handleTimeMs + figures.handleTimeMs,
          workTimeMs: known.workTimeMs + figures.workTimeMs,
          holdTimeMs: known.holdTimeMs + figures.holdTimeMs,
        }
      : figures;
    this.#queues.set(key, { first: this.#queues.get(key)?.first ?? agent, record });
  }

  /** Returns why the times cannot be taken, or null. Times of 30 minutes are halved: a quarter holds no more than itself. */
  #writeTimes({ row, agentId, startMs, quarters }: AgentRow, times: AgentInterval['times'], result: MutableExport) {
    const lengthMs = quarters * INTERVAL_MS;
    const parts = times.availtime + times.auxtime;
    const whole = Math.max(times.stafftime, parts);
    const seconds = (ms: number) => `${ms / 1_000} s`;
    if (whole > lengthMs + ROUNDING_MS) return `${seconds(whole)} are more than the interval has.`;
    if (parts > times.stafftime + ROUNDING_MS) {
      return `Available and aux (${seconds(parts)}) are longer than staffed (${seconds(times.stafftime)}).`;
    }
    const loginTimeMs = Math.min(whole, lengthMs);
    const notReadyTimeMs = Math.min(times.auxtime, loginTimeMs);
    const readyTimeMs = Math.min(times.availtime, loginTimeMs - notReadyTimeMs);
    if (loginTimeMs !== times.stafftime || readyTimeMs !== times.availtime || notReadyTimeMs !== times.auxtime) {
      result.adjusted.push({ line: row.line, reason: 'The times differ by a few seconds of rounding: made to fit.' });
    }
    for (let quarter = 0; quarter < quarters; quarter += 1) {
      result.records['agent-intervals'].push({
        line: row.line,
        record: {
          agentId,
          start: startText(startMs + quarter * INTERVAL_MS),
          loginTimeMs: loginTimeMs / quarters,
          readyTimeMs: readyTimeMs / quarters,
          notReadyTimeMs: notReadyTimeMs / quarters,
        },
      });
    }
    return null;
  }
}

const agentKey = ({ agentId, startMs }: AgentRow): string => `${startMs}\n${agentId}`;
