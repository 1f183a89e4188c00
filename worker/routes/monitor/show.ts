/** The Monitor: its address says which of its rooms is shown. */
import type { Visit } from '../../app.ts';
import { showAlerts } from './alerts.tsx';
import { showDiary } from './diary.tsx';
import { settingsAnswer } from './settings.tsx';

export async function showMonitor(_request: Request, visit: Visit): Promise<Response> {
  switch (visit.url.searchParams.get('show')) {
    case 'alerts':
      return showAlerts(visit);
    case 'settings':
      return settingsAnswer(visit, {});
    default:
      return showDiary(visit);
  }
}
