/**
 * Reads answers of NCC's real-time call, one after the other. An answer equal to the last is not parsed, a row equal to
 * the agent's last row gives the same object again: of 20,000 agents only those that changed cost anything, and the
 * caller can compare by reference.
 */
import type { AgentObservation } from '../../domain/agent-state.ts';
import { parseJson, type TextAnswer } from '../../http/request.ts';
import { UpstreamError } from '../../http/upstream-error.ts';
import type { AgentSnapshot, RefusedRow } from '../acd.ts';
import { createRefusedRows, UNREADABLE_ROWS_MAX } from '../refused.ts';
import { isSameRealTimeRow, rawAgentId, readableAgentId, realTimeRowWire, rowsOf, withUsualNames } from './schema.ts';
import type { NccSettings } from './settings.ts';

/** Five times the largest contact centre that the bridge is measured with. */
const ROWS_MAX = 100_000;

interface ReadAnswer {
  readonly text: string;
  readonly rawRows: readonly unknown[];
  /** By the index of the row; null where it was refused. */
  readonly observations: readonly (AgentObservation | null)[];
  readonly refused: readonly RefusedRow[];
  readonly hasRepeats: boolean;
}

type Fields = Pick<NccSettings['advanced'], 'rowsField' | 'statusTimeField'>;

/** A reader that remembers the last good answer. Throws `UpstreamError` for an answer that is not one. */
export function createRealTimeReader(fields: Fields): (answer: TextAnswer) => AgentSnapshot {
  let last: ReadAnswer | null = null;
  return (answer) => {
    const { askedAtMs, arrivedAtMs, dateMs: sourceDateMs } = answer;
    if (last && answer.text === last.text) {
      return { askedAtMs, arrivedAtMs, sourceDateMs, agents: 'unchanged', refused: last.refused };
    }
    const read = readRows(answer, last, fields);
    const { observations, refused } = read.hasRepeats ? withoutContradictions(read) : read;
    const agents = observations.filter((observation) => observation !== null);
    const [firstRefused] = refused;
    if (firstRefused && agents.length === 0) {
      const issues = `none of ${read.rawRows.length} rows could be read; row ${firstRefused.index}: ${firstRefused.reason}`;
      throw new UpstreamError(answer.endpoint, { kind: 'shape', issues });
    }
    last = { ...read, refused };
    return { askedAtMs, arrivedAtMs, sourceDateMs, agents, refused };
  };
}

function readRows({ endpoint, text }: TextAnswer, last: ReadAnswer | null, fields: Fields): ReadAnswer {
  const ownRows = rowsOf(parseJson(endpoint, text), fields.rowsField);
  if (!ownRows)
    throw new UpstreamError(endpoint, { kind: 'shape', issues: 'neither a list of rows nor an envelope of one' });
  const rawRows = withUsualNames(ownRows, [['agent-status-time', fields.statusTimeField]]);
  if (rawRows.length > ROWS_MAX) {
    throw new UpstreamError(endpoint, { kind: 'oversize', limit: `${ROWS_MAX.toLocaleString('en')} rows` });
  }
  const refused = createRefusedRows();
  const observations: (AgentObservation | null)[] = [];
  let isSameOrder = last !== null && rawRows.length === last.rawRows.length;
  let positions: Map<unknown, number> | undefined;
  for (const [index, row] of rawRows.entries()) {
    let known = isSameRealTimeRow(row, last?.rawRows[index]) ? last?.observations[index] : undefined;
    if (!known && last && rawAgentId(row) !== rawAgentId(last.rawRows[index])) {
      isSameOrder = false;
      positions ??= new Map(last.rawRows.map((lastRow, position) => [rawAgentId(lastRow), position]));
      const position = positions.get(rawAgentId(row)) ?? -1;
      known = isSameRealTimeRow(row, last.rawRows[position]) ? last.observations[position] : undefined;
    }
    if (known) {
      observations.push(known);
      continue;
    }
    const parsed = realTimeRowWire.safeParse(row);
    if (parsed.success && last?.observations[index] === null) isSameOrder = false;
    if (!parsed.success) refused.add(index, row, parsed.error, readableAgentId(row));
    observations.push(parsed.success ? parsed.data : null);
    if (refused.rows.length === UNREADABLE_ROWS_MAX && index + 1 === UNREADABLE_ROWS_MAX) break;
  }
  // The same ids in the same places as in an answer without repeats hold none either.
  const hasRepeats = isSameOrder ? last?.hasRepeats === true : repeats(observations);
  return { text, rawRows, observations, refused: refused.rows, hasRepeats };
}

function repeats(observations: readonly (AgentObservation | null)[]): boolean {
  const seen = new Set<string>();
  for (const observation of observations) {
    if (!observation) continue;
    if (seen.has(observation.agentId)) return true;
    seen.add(observation.agentId);
  }
  return false;
}

/** An agent who stands twice in an answer counts once when both rows say the same; when they do not, neither counts. */
function withoutContradictions(read: ReadAnswer): Pick<ReadAnswer, 'observations' | 'refused'> {
  const byAgent = new Map<string, number[]>();
  for (const [index, observation] of read.observations.entries()) {
    if (!observation) continue;
    const indexes = byAgent.get(observation.agentId);
    if (indexes) indexes.push(index);
    else byAgent.set(observation.agentId, [index]);
  }
  const refused = createRefusedRows();
  const observations = [...read.observations];
  for (const [agentId, indexes] of byAgent) {
    const [first, ...others] = indexes.map((index) => read.observations[index]);
    const agrees = others.every((other) => other?.name === first?.name && other?.sinceMs === first?.sinceMs);
    for (const index of agrees ? indexes.slice(1) : indexes) {
      observations[index] = null;
      if (!agrees)
        refused.add(
          index,
          read.rawRows[index],
          'the agent stands in the answer more than once, with different states',
          agentId,
        );
    }
  }
  return { observations, refused: [...read.refused, ...refused.rows] };
}
