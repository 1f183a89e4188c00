/**
 * Reads a file of past facts for its preview: what its rows say, which are left out and why, and what storing it would
 * change. It is held until somebody confirms or discards it; nothing of it is a fact before that.
 */

import { type AcdKind, defaultStateClass, isDocumentedState } from '../acd/registry.ts';
import type { ConnectionSettings } from '../connection.ts';
import {
  type ImportedChange,
  type ImportKind,
  type ReadFile,
  type RefusedLine,
  readChangeFile,
  readIntervalFile,
} from '../domain/import-file.ts';
import { DAY_MS, floorToGrid, INTERVAL_MS } from '../domain/interval.ts';
import { compareChanges, compareFigures, type KeyedChange, type Outcome, readNames } from '../store/import-facts.ts';
import {
  type ChangeRow,
  type FiguresRow,
  figuresOfRow,
  holdImport,
  type ImportPart,
  type ImportRow,
} from '../store/imports.ts';
import { readStates } from '../store/mapping.ts';
import { ROWS_PER_PART, WINDOWS_PER_PART } from './work-off-import.ts';

/** A file as a user gave it. */
export interface GivenFile {
  readonly kind: ImportKind;
  readonly fileName: string;
  readonly text: string;
}

export type ReadImport =
  | { readonly ok: true; readonly row: ImportRow }
  /** The file as a whole makes no sense. */
  | { readonly ok: false; readonly message: string };

/** A file's good rows, ready to be stored in parts. */
interface Prepared {
  readonly rowCount: number;
  readonly span: { fromMs: number; toMs: number } | null;
  readonly refused: readonly RefusedLine[];
  readonly remarks: readonly string[];
  readonly outcome: Outcome;
  readonly parts: readonly ImportPart[];
}

/** Reads, compares and holds a file. */
export async function readImportFile(
  db: D1Database,
  connection: { id: number; acdKind: AcdKind; retentionDays: ConnectionSettings['collection']['retentionDays'] },
  file: GivenFile,
  who: { nowMs: number; by: string },
): Promise<ReadImport> {
  const isFigures = file.kind === 'intervals';
  const days = isFigures ? connection.retentionDays.queueIntervals : connection.retentionDays.stateChanges;
  const context = {
    keys: await readNames(db, isFigures ? 'queue' : 'agent', connection.id),
    nowMs: who.nowMs,
    keptFromMs: floorToGrid(who.nowMs - days * DAY_MS),
  };
  const prepared = isFigures
    ? await prepareGood(readIntervalFile(file.text, context), (read) => prepareFigures(db, connection.id, read))
    : await prepareGood(readChangeFile(file.text, context), (read) => prepareChanges(db, connection, read));
  if (!prepared.ok) return prepared;
  const row = await holdImport(db, {
    connectionId: connection.id,
    kind: file.kind,
    fileName: file.fileName,
    sha256: await sha256Of(file.text),
    ...prepared.prepared,
    ...who,
  });
  return { ok: true, row };
}

async function prepareGood<Row>(
  read: ReadFile<Row>,
  prepare: (read: Extract<ReadFile<Row>, { ok: true }>) => Promise<Prepared>,
): Promise<{ ok: true; prepared: Prepared } | { ok: false; message: string }> {
  if (!read.ok) return read;
  if (read.rows.length === 0 && read.refused.length === 0) {
    return { ok: false, message: 'The file has a head and no rows.' };
  }
  return { ok: true, prepared: await prepare(read) };
}

async function prepareFigures(
  db: D1Database,
  connectionId: number,
  { rows, refused, remarks }: Extract<ReturnType<typeof readIntervalFile>, { ok: true }>,
): Promise<Prepared> {
  const sorted = rows
    .map((row): FiguresRow => [row.queueKey, row.startMs, row.offered, row.abandoned, row.handleTimeMs])
    .sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  const { differing: _, ...outcome } = await compareFigures(db, connectionId, sorted.map(figuresOfRow));
  const parts: FiguresRow[][] = [];
  for (const row of sorted) {
    const part = parts.at(-1);
    // An interval is not split between parts, so that its sums are written once.
    if (part && (part.length < ROWS_PER_PART || part.at(-1)?.[1] === row[1])) part.push(row);
    else parts.push([row]);
  }
  const last = sorted.at(-1);
  return {
    rowCount: sorted.length,
    span: sorted[0] && last ? { fromMs: sorted[0][1], toMs: last[1] + INTERVAL_MS } : null,
    refused,
    remarks,
    outcome,
    parts: parts.map((part) => ({ kind: 'figures', rows: part })),
  };
}

async function prepareChanges(
  db: D1Database,
  connection: { id: number; acdKind: AcdKind },
  { rows, refused, remarks }: Extract<ReturnType<typeof readChangeFile>, { ok: true }>,
): Promise<Prepared> {
  const states = new Map(
    (await readStates(db, connection.id)).map((state) => [JSON.stringify([state.name, state.reason]), state]),
  );
  const isSignedOut = ({ state, reason }: ImportedChange) =>
    (states.get(JSON.stringify([state, reason]))?.stateClass ??
      defaultStateClass(connection.acdKind, state, reason)) === 'signed out';
  const sorted = rows.toSorted((a, b) => a.agentKey - b.agentKey || a.atMs - b.atMs);
  // What an agent did after the file's last row is not known, unless that row is a sign-out.
  const isOpenEnd = (i: number) => {
    const row = sorted[i];
    return row !== undefined && sorted[i + 1]?.agentKey !== row.agentKey && !isSignedOut(row);
  };
  const newStates = new Map<string, number>();
  const changes = sorted.map(
    (row, i): ChangeRow =>
      isOpenEnd(i) ? [row.agentKey, row.atMs, '', ''] : [row.agentKey, row.atMs, row.state, row.reason],
  );
  const keyed = changes.map(([agentKey, atMs, state, reason]): KeyedChange => {
    if (state === '') return [agentKey, atMs, 0];
    const name = JSON.stringify([state, reason]);
    const known = states.get(name)?.id ?? newStates.get(name) ?? -1 - newStates.size;
    if (known < 0) newStates.set(name, known);
    return [agentKey, atMs, known];
  });
  const { observed, differing: _, ...outcome } = await compareChanges(db, keyed);
  const left = new Set(observed);
  const good = changes.filter((_row, i) => !left.has(i));
  const windows = [...windowsOf(sorted, left, isSignedOut)].sort((a, b) => a - b);
  const openEnds = sorted.filter((_row, i) => isOpenEnd(i) && !left.has(i)).length;
  const instants = good.map(([, atMs]) => atMs);
  return {
    rowCount: good.length,
    span: good.length > 0 ? { fromMs: least(instants), toMs: -least(instants.map((atMs) => -atMs)) } : null,
    refused: [
      ...refused,
      ...observed.map((i) => ({
        line: sorted[i]?.line ?? 0,
        reason: 'The bridge was looking at this agent then: what it saw stands.',
      })),
    ].sort((a, b) => a.line - b.line),
    remarks: [...remarks, ...changeRemarks(openEnds, customStates(connection.acdKind, newStates))],
    outcome,
    parts: [
      ...chunks(good, ROWS_PER_PART).map((part): ImportPart => ({ kind: 'changes', rows: part })),
      ...chunks(windows, WINDOWS_PER_PART).map((part): ImportPart => ({ kind: 'windows', rows: part })),
    ],
  };
}

/** Of new states, how many the documents do not name. */
function customStates(kind: AcdKind, states: ReadonlyMap<string, number>): number {
  const names = [...states.keys()].map((key) => JSON.parse(key) as [string, string]);
  return names.filter(([name, reason]) => !isDocumentedState(kind, name, reason)).length;
}

function changeRemarks(openEnds: number, newStates: number): string[] {
  return [
    ...(openEnds > 0
      ? [
          `The last row of ${openEnds} ${openEnds === 1 ? 'agent is' : 'agents is'} no sign-out: it only ends the state before it, because what followed is not known.`,
        ]
      : []),
    ...(newStates > 0
      ? [
          `${newStates} ${newStates === 1 ? 'state is' : 'states are'} new here and ${newStates === 1 ? 'counts' : 'count'} as not ready until reviewed.`,
        ]
      : []),
  ];
}

/** Starts of the intervals in which rows that are stored begin, last or end. */
function windowsOf(
  sorted: readonly ImportedChange[],
  left: ReadonlySet<number>,
  isSignedOut: (row: ImportedChange) => boolean,
): Set<number> {
  const starts = new Set<number>();
  sorted.forEach((row, i) => {
    if (left.has(i)) return;
    const next = sorted[i + 1];
    const endMs = next?.agentKey === row.agentKey && !isSignedOut(row) ? next.atMs : row.atMs;
    for (let at = floorToGrid(row.atMs); at <= endMs; at += INTERVAL_MS) starts.add(at);
  });
  return starts;
}

function chunks<T>(rows: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size));
}

const least = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

async function sha256Of(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
