/**
 * Looks each minute whether a rule holds: opens an alert when it begins to, solves it when it does not any more, and
 * sends the messages that are due. Where maintenance mutes a connection nothing is opened and nothing solved: what still
 * holds at its end is told then.
 */
import { causeOf } from '../domain/alert.ts';
import { openAlert, readAlertState, solveAlert } from '../store/alerts.ts';
import { addEvent } from '../store/events.ts';
import { readOverview } from '../store/overview.ts';
import { type AlertDeps, sendDueMessages } from './send-alerts.ts';

export interface AlertsResult {
  readonly opened: number;
  readonly solved: number;
  readonly sent: number;
}

export async function checkAlerts(deps: AlertDeps): Promise<AlertsResult> {
  const { db, clock } = deps;
  const nowMs = clock.nowMs();
  const { rules, open, muted } = await readAlertState(db, nowMs);
  if (rules.length === 0 && open.length === 0) return { opened: 0, solved: 0, sent: await sendDueMessages(deps) };
  const statements: D1PreparedStatement[] = [];
  const counts = { opened: 0, solved: 0 };
  const facts = muted.has(null) ? [] : await readOverview(db, nowMs);
  for (const connection of facts) {
    const { connectionId, name } = connection;
    if (muted.has(connectionId)) continue;
    const note = (kind: string, severity: 'info' | 'warning', message: string) =>
      statements.push(addEvent(db, { connectionId, atMs: nowMs, kind, severity, message }));
    const holding = new Set<number>();
    for (const rule of rules) {
      if (rule.connectionId !== null && rule.connectionId !== connectionId) continue;
      const message = causeOf(rule, connection, nowMs);
      if (message === null) continue;
      holding.add(rule.id);
      if (open.some((alert) => alert.ruleId === rule.id && alert.connectionId === connectionId)) continue;
      statements.push(...openAlert(db, { ruleId: rule.id, connectionId, kind: rule.kind, message, nowMs }));
      note('alert', 'warning', message);
      counts.opened += 1;
    }
    for (const alert of open) {
      if (alert.connectionId !== connectionId || holding.has(alert.ruleId)) continue;
      statements.push(...solveAlert(db, alert.id, nowMs));
      note('alert solved', 'info', `The alert of ${name} is solved.`);
      counts.solved += 1;
    }
  }
  if (statements.length > 0) await db.batch(statements);
  return { ...counts, sent: await sendDueMessages(deps) };
}
