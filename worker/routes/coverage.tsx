/** Coverage: heat map, day, interval, bodies as sent, and the orders of a person. */
import { type CellState, cellState } from '../../src/domain/coverage.ts';
import { INTERVAL_MS, type Window } from '../../src/domain/interval.ts';
import { dayOf, dayWindow, isDay } from '../../src/domain/local-day.ts';
import { readCells, readLedgerSpan } from '../../src/store/coverage-days.ts';
import { type BodyKey, readFigureHistories, readIntervalReports } from '../../src/store/interval-read.ts';
import type { RoutedRequest, Visit } from '../app.ts';
import { readForm } from '../body.ts';
import { storedSettings } from '../connection-settings.ts';
import { carryOut, isOrder, type Order } from '../coverage-orders.ts';
import { type CoverageRules, isCellState, readDays } from '../coverage-view.ts';
import { type Cell, csvFile } from '../csv.ts';
import { CoverageFragment, CoveragePage, DAY_CHOICES } from '../pages/coverage.tsx';
import { CoverageDayPage } from '../pages/coverage-day.tsx';
import { CoverageIntervalPage, IntervalFactsFragment } from '../pages/coverage-interval.tsx';
import { numberText } from '../pages/ui/number.tsx';
import { htmlFragment, htmlPage, notFound, ProblemError, seeOther } from '../respond.ts';
import { showBodies, unpackBody } from '../sent-bodies.ts';
import { type Place, placeOf } from './place.ts';
import { ownPath } from './sign-in.tsx';

const FIGURES_MAX = 500;

export async function showCoverage(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { app, url, identity } = visit;
  const place = await placeOf(request, visit, 'coverage');
  const { connection, moment, frame } = place;
  const today = dayOf(moment.nowMs, moment.timeZone);
  const { lastDay, days: count } = daysOf(url, today);
  const [days, span] = await Promise.all([
    readDays(app.db, connection.id, { lastDay, days: count }, rulesOf(place)),
    readLedgerSpan(app.db, connection.id),
  ]);
  const firstDay = span && dayOf(span.startMs, moment.timeZone);
  const props = { identity, frame, moment, days, lastDay, today, only: stateOf(url), firstDay, ...saidBy(url, place) };
  if (url.searchParams.get('part') === 'grid') return htmlFragment(<CoverageFragment {...props} />);
  return htmlPage(<CoveragePage {...props} />);
}

/** The days that the address asks for: 7 up to today where it asks for none. */
function daysOf(url: URL, today: string): { lastDay: string; days: number } {
  const to = url.searchParams.get('to') ?? '';
  const days = Number(url.searchParams.get('days'));
  return {
    lastDay: isDay(to) && to < today ? to : today,
    days: DAY_CHOICES.find((choice) => choice === days) ?? DAY_CHOICES[0],
  };
}

const CSV_COLUMNS = [
  'start_utc',
  'start_local',
  'state',
  'reason',
  'revision',
  'contacts',
  'abandoned',
  'handle_time_s',
  'queues',
  'read_at_utc',
  'accepted_at_utc',
] as const;

/** The intervals of the shown days as CSV, oldest first. */
export async function exportCoverage(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'coverage');
  const { timeZone, nowMs } = place.moment;
  const range = daysOf(visit.url, dayOf(nowMs, timeZone));
  const only = stateOf(visit.url);
  const days = await readDays(visit.app.db, place.connection.id, range, rulesOf(place));
  const iso = (atMs: number | null | undefined) => (atMs ? new Date(atMs).toISOString() : null);
  const lines = days.toReversed().flatMap(({ day, slots }) =>
    slots.flatMap(({ startMs, clock, cell, state }): Cell[][] => {
      if (!cell || !state || (only && state !== only)) return [];
      const { reason, revision, offered, abandoned, handleTimeMs, queueCount, readAtMs, report } = cell;
      const figures = revision > 0 ? [offered, abandoned, handleTimeMs / 1_000, queueCount] : [null, null, null, null];
      const times = [iso(readAtMs), iso(report?.acceptedAtMs)];
      return [[iso(startMs), `${day} ${clock}`, state, reason, revision, ...figures, ...times]];
    }),
  );
  return csvFile(`coverage-${range.lastDay}`, CSV_COLUMNS, lines);
}

/** A day (`2026-11-22`) or an interval (`2026-11-22T14:15Z`), whichever the address names. */
export async function showCoverageOf(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { when = '' } = request.params;
  const place = await placeOf(request, visit, 'coverage');
  return isDay(when) ? showDay(when, place, visit) : showInterval(startOf(when), place, visit);
}

async function showDay(day: string, place: Place, { app, url, identity }: Visit): Promise<Response> {
  const { connection, moment, frame } = place;
  const [view] = await readDays(app.db, connection.id, { lastDay: day, days: 1 }, rulesOf(place));
  if (!view) throw notFound('There is no such day.');
  const only = stateOf(url);
  return htmlPage(<CoverageDayPage {...{ identity, frame, moment, day: view, only, ...saidBy(url, place) }} />);
}

async function showInterval(startMs: number, place: Place, { app, url, identity }: Visit): Promise<Response> {
  const { connection, moment, frame } = place;
  const window = { startMs, endMs: startMs + INTERVAL_MS };
  const [[cell = null], { reports, bodies }] = await Promise.all([
    readCells(app.db, connection.id, window),
    readIntervalReports(app.db, connection.id, startMs),
  ]);
  const facts = { startMs, cell, state: cell && cellState(cell, rulesOf(place).settleDelayMs), reports, moment };
  if (url.searchParams.get('part') === 'facts') return htmlFragment(<IntervalFactsFragment {...facts} />);
  const figures = await readFigureHistories(app.db, connection.id, startMs, FIGURES_MAX);
  const props = {
    ...facts,
    identity,
    frame,
    figures,
    figuresLeftOut: figures.length < FIGURES_MAX ? 0 : Math.max(0, (cell?.queueCount ?? 0) - FIGURES_MAX),
    bodies: await showBodies(app.db, connection.id, bodies),
    shortPct: storedSettings(connection)?.collection.shortPct ?? 0,
    ...saidBy(url, place),
  };
  return htmlPage(<CoverageIntervalPage {...props} />);
}

/** The exact bytes of a body that was sent. */
export async function downloadBody(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection } = await placeOf(request, visit, 'coverage');
  const { searchParams } = visit.url;
  const [revision, part] = [Number(searchParams.get('revision')), Number(searchParams.get('part'))];
  const stream = searchParams.get('stream');
  const isStream = stream === 'historical' || stream === 'agent-activity';
  if (!isStream || !Number.isSafeInteger(revision) || !Number.isSafeInteger(part)) throw notFound(NO_BODY);
  const key: BodyKey = { stream, startMs: startOf(searchParams.get('start') ?? ''), revision, part };
  const body = await unpackBody(visit.app.db, connection.id, key);
  if (body === null) throw notFound(NO_BODY);
  const name = `${stream}-${new Date(key.startMs).toISOString().slice(0, 16).replaceAll(/\W/g, '')}-r${revision}-p${part}`;
  return new Response(body, {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': `attachment; filename="${name}.json"`,
    },
  });
}

const NO_BODY = 'No such body is kept. It may be past its retention.';

/** Carries out an order of a form and goes back to where it was given. */
export async function orderCoverage(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'coverage');
  const form = await readForm(request);
  const order = form.get('order') ?? '';
  if (!isOrder(order)) throw new ProblemError(400, 'Not understood', 'The form names no order that the bridge knows.');
  const back = ownPath(form.get('back') ?? `/connections/${place.connection.id}/coverage`);
  const window = windowOf(form, place);
  if (!window) return seeOther(withOutcome(back, { refused: 'days' }));
  const outcome = await carryOut(visit, place.connection, order, window);
  if (outcome.kind === 'done') return seeOther(withOutcome(back, { done: order, count: String(outcome.count) }));
  const { kind, most } = outcome.refusal;
  return seeOther(withOutcome(back, { refused: kind.replace(' ', '-'), count: String(most) }));
}

/** The span of an order: instants on the grid, or days of the connection's zone. Null: not usable. */
function windowOf(form: URLSearchParams, { moment }: Place): Window | null {
  const [fromDay, toDay] = [form.get('fromDay'), form.get('toDay')];
  if (fromDay !== null && toDay !== null) {
    if (!isDay(fromDay) || !isDay(toDay) || toDay < fromDay) return null;
    return {
      startMs: dayWindow(fromDay, moment.timeZone).startMs,
      endMs: dayWindow(toDay, moment.timeZone).endMs,
    };
  }
  const window = { startMs: Date.parse(form.get('from') ?? ''), endMs: Date.parse(form.get('to') ?? '') };
  return window.startMs < window.endMs && window.startMs % INTERVAL_MS === 0 ? window : null;
}

/** What became of an order rides in the address as a word and a number; the page has the sentence. */
function withOutcome(path: string, outcome: Readonly<Record<string, string>>): string {
  const url = new URL(path, 'http://own.invalid');
  for (const name of ['done', 'refused', 'count']) url.searchParams.delete(name);
  for (const [name, value] of Object.entries(outcome)) url.searchParams.set(name, value);
  return url.pathname + url.search;
}

/** The sentence for what became of an order. */
function saidBy({ searchParams }: URL, { connection }: Place): { notice?: string; error?: string } {
  const [done, refused] = [searchParams.get('done') ?? '', searchParams.get('refused')];
  const count = Number(searchParams.get('count'));
  const amount = Number.isSafeInteger(count) && count >= 0 ? count : 0;
  if (refused === 'days') return { error: 'Enter a first and a last day, the last one not before the first.' };
  if (refused === 'too-long') return { error: `Choose at most ${amount} days at once. For more, use a backfill.` };
  if (refused === 'too-many')
    return { error: `Confirm at most ${amount} intervals at a time: each holds every queue.` };
  if (!isOrder(done)) return {};
  const waits = connection.paused ? ' The connection is paused: it happens once it is resumed.' : '';
  return { notice: outcomeSentence(done, amount) + (amount > 0 ? waits : '') };
}

function outcomeSentence(order: Order, count: number): string {
  const many = (word: string) => `${numberText(count)} ${word}${count === 1 ? ' is' : 's are'}`;
  switch (order) {
    case 'read-again':
      if (count === 0)
        return 'There is no interval to read again: collection had not begun. A backfill loads the past.';
      return `${many('interval')} read again, newest first. What differs shows here within minutes.`;
    case 'send-again':
      if (count === 0)
        return 'There is no report to send again: none was accepted yet, or what it was made of is gone.';
      return `${many('report')} sent again, newest first.`;
    case 'confirm-quiet':
      if (count === 0) return 'No interval is unconfirmed any more.';
      return `${many('interval')} confirmed as quiet. Reports with zeros are on their way.`;
  }
}

function stateOf(url: URL): CellState | null {
  const state = url.searchParams.get('state') ?? '';
  return isCellState(state) ? state : null;
}

function rulesOf({ connection, moment }: Place): CoverageRules {
  const settleDelayS = storedSettings(connection)?.collection.settleDelayS ?? 120;
  return { timeZone: moment.timeZone, settleDelayMs: settleDelayS * 1_000 };
}

/** The start that `2026-11-22T14:15Z` names. Throws 404 for what lies on no grid. */
function startOf(text: string): number {
  const startMs = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z$/.test(text) ? Date.parse(text) : Number.NaN;
  if (startMs % INTERVAL_MS === 0) return startMs;
  throw notFound('There is no such interval: intervals begin at :00, :15, :30 and :45, UTC.');
}
