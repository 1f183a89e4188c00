// Every page that the site leads to, as the administrator sees it; its buttons that try things out, a successful save and
// previews.
import { type Answers, fieldsOf } from './answers.ts';
import { CREDENTIALS, DEPLOYMENT, LIVEVOX } from './canaries.ts';

const PAGES_MAX = 400;

/** @returns how many pages there were */
export async function walkSite(answers: Answers, ids: readonly number[]): Promise<number> {
  const waiting = ['/', '/sign-in', '/api/docs', '/metrics', '/healthz', '/monitor', '/support-bundle.zip', '/access'];
  waiting.push(...ids.map((id) => `/connections/${id}`));
  const seen = new Set<string>();
  for (const link of waiting) {
    const target = link.replaceAll('&amp;', '&').replace(/#.*/, '');
    if (seen.has(target) || seen.size >= PAGES_MAX) continue;
    seen.add(target);
    const { text } = await answers.page(target);
    waiting.push(...[...text.matchAll(/(?:href|hx-get)="(\/[^"]*)"/g)].map(([, found = '']) => found));
  }
  return seen.size;
}

/** The test buttons of a connection's page: with what is stored, and with secrets that are typed in. */
export async function pressTests(answers: Answers, id: number): Promise<void> {
  const address = `/connections/${id}`;
  const { text } = await answers.page(address);
  for (const group of ['real-time', 'historical', 'wfm']) {
    await answers.send(`${address}/test/${group}`, fieldsOf(text, address, {}));
    await answers.send(`${address}/test/${group}`, fieldsOf(text, address, typed()));
  }
}

const typed = () =>
  Object.fromEntries(Object.entries({ ...CREDENTIALS, ...LIVEVOX }).map(([name, value]) => [`secrets.${name}`, value]));

/** Saves a connection as it is, with its secrets typed in anew. @returns where the answer leads */
export async function saveAgain(
  answers: Answers,
  id: number,
  secrets: Readonly<Record<string, string>>,
): Promise<string> {
  const address = `/connections/${id}`;
  const { text } = await answers.page(address);
  const named = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [`secrets.${name}`, value]));
  const { headers } = await answers.send(address, fieldsOf(text, address, named));
  return headers.get('location') ?? '';
}

/** Uploads that are shown before they are applied. @returns the statuses */
export async function preview(answers: Answers, id: number, importId: number): Promise<number[]> {
  const address = `/connections/${id}`;
  const statuses: number[] = [];
  for (const list of ['roster/queues', 'roster/agents', 'states']) {
    const csv = (await answers.page(`${address}/${list}.csv`)).text;
    const form = new FormData();
    form.set('file', new File([csv], 'table.csv', { type: 'text/csv' }));
    statuses.push((await answers.send(`${address}/${list}/upload`, form)).status);
  }
  statuses.push((await answers.page(`${address}/imports/${importId}`)).status);
  return statuses;
}

/** What is refused at the door and in forms. */
export async function provokeRefusals(answers: Answers, guess: string): Promise<void> {
  const { url } = answers;
  const form = { method: 'POST', headers: { origin: url }, redirect: 'manual' } as const;
  const password = new URLSearchParams({ password: guess });
  await answers.keep('wrong password', await fetch(`${url}/sign-in`, { ...form, body: password }));
  const headers = { authorization: `Bearer ${DEPLOYMENT.API_TOKEN}x` };
  await answers.keep('wrong token', await fetch(`${url}/api/v1/status`, { headers }));
  await answers.send('/connections/new', new URLSearchParams({ name: '', ...typed() }));
}
