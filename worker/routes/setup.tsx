/** The Set-up page: its steps, refreshed while somebody looks, and ticks by hand. */
import { TICKED_STEPS } from '../../src/domain/setup.ts';
import { setTick } from '../../src/store/setup-ticks.ts';
import { id } from '../api/shapes.ts';
import type { RoutedRequest, Visit } from '../app.ts';
import { readForm } from '../body.ts';
import { SetupPage, SetupSteps } from '../pages/setup.tsx';
import { htmlFragment, htmlPage, notFound, seeOther } from '../respond.ts';
import { readSetup, type SetupView } from '../setup-view.ts';

export async function showSetup(_request: Request, visit: Visit): Promise<Response> {
  return htmlPage(<SetupPage identity={visit.identity} view={await viewOf(visit)} nowMs={visit.nowMs} />);
}

export async function setupFragment(_request: Request, visit: Visit): Promise<Response> {
  return htmlFragment(<SetupSteps view={await viewOf(visit)} nowMs={visit.nowMs} />);
}

async function viewOf({ app, url, nowMs }: Visit): Promise<SetupView> {
  const asked = url.searchParams.get('connection');
  const parsed = id.safeParse(asked ?? '');
  const view = asked !== null && !parsed.success ? null : await readSetup(app.db, parsed.data ?? null, nowMs);
  if (!view) throw notFound('There is no such connection. It may have been deleted.');
  return view;
}

export async function tickStep(request: RoutedRequest, { app, nowMs, identity }: Visit): Promise<Response> {
  const step = TICKED_STEPS.find((one) => one === request.params.step);
  if (!step) throw notFound('There is no such step to tick.');
  const form = await readForm(request);
  await setTick(app.db, { step, isDone: form.get('done') === 'true', nowMs, by: identity?.by ?? 'nobody' });
  const connection = id.safeParse(form.get('connection') ?? '');
  return seeOther(`/setup${connection.success ? `?connection=${connection.data}` : ''}#${step}`);
}
