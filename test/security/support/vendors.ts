// Vendors between the bridge and its stand-ins: a mirror that answers with what it was sent, in every way in which
// servers write such a thing down, and a recorder that notes each token on its way.
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { ISSUED } from './canaries.ts';

export interface Vendor {
  readonly url: string;
  close(): void;
}

async function listen(
  handle: (request: IncomingMessage, body: string, response: ServerResponse, url: string) => Promise<void> | void,
): Promise<Vendor> {
  let url = '';
  const server = http.createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('utf8');
    try {
      await handle(request, body, response, url);
    } catch {
      // The one behind it has ended, as the tests do at their end.
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The system named no port.');
  url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Ways of saying it. Each gives status, type and body. */
const MANNERS: readonly ((words: string) => readonly [number, string, string])[] = [
  (words) => [400, 'application/json', JSON.stringify({ message: words, error: { detail: words } })],
  (words) => [400, 'text/html', `<html><head><title>${inHtml(words)}</title></head>${inHtml(words)}</html>`],
  (words) => [400, 'text/plain', words],
  (words) => [400, 'application/json', inAscii(JSON.stringify({ errors: [{ message: words }] }))],
  (words) => [400, 'application/json', JSON.stringify({ detail: JSON.stringify({ message: words }) })],
  (words) => [400, 'text/plain', encodeURIComponent(words)],
  (words) => [400, 'text/plain', new URLSearchParams({ words }).toString()],
  (words) => [400, 'text/html', `<title>${numbered(words)}</title>`],
  (words) => [500, 'application/json', JSON.stringify({ message: words })],
  (words) => [200, 'application/json', JSON.stringify({ error: 'failed', message: words })],
];

const inHtml = (words: string) =>
  words.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const inAscii = (json: string) =>
  json.replaceAll(/[&<>\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
const numbered = (words: string) => words.replaceAll(/[^\w .-]/gu, (char) => `&#${char.codePointAt(0)};`);

/**
 * Signs everybody in who comes to 127.0.0.1 and nobody who comes to localhost, and answers everything else with what it
 * was sent. Access keys with "short" in their id get tokens that have to be refreshed at once.
 */
export function startMirror(): Promise<Vendor> {
  let count = 0;
  return listen((request, body, response, url) => {
    const target = request.url ?? '';
    const answer = signedIn(target, body, url);
    if (answer !== undefined && !request.headers.host?.startsWith('localhost')) {
      response.setHeader('content-type', 'application/json');
      return void response.end(JSON.stringify(answer));
    }
    count += 1;
    const words = wordsAbout(request, body, count);
    if (target.includes('/details')) {
      return void response.end(JSON.stringify({ acdTypes: [words], youSent: words }));
    }
    const [status, type, text] = (MANNERS[count % MANNERS.length] ?? MANNERS[0])?.(words) ?? [400, 'text/plain', words];
    response.writeHead(status, {
      'content-type': type,
      ...(count % 3 !== 0 && { icStatusDescription: words.replaceAll(/[^\x20-\x7e]/g, '?') }),
    });
    response.end(text);
  });
}

function signedIn(target: string, body: string, url: string): object | undefined {
  if (target.includes('token-with-authorities')) return { token: ISSUED.nccToken, location: url };
  if (target.includes('/token/access-key')) {
    const { accessToken, refreshToken } = ISSUED;
    const lifeS = body.includes('short') ? 6 : 3_600;
    return { access_token: accessToken, refresh_token: refreshToken, expires_in: lifeS, token_type: 'Bearer' };
  }
  return target.includes('/session/') ? { sessionId: ISSUED.session, clientId: 1, userId: 2 } : undefined;
}

/** Everything about a request, each time with another part of it first: messages are cut. */
function wordsAbout({ headers, url = '' }: IncomingMessage, body: string, count: number): string {
  const authorization = headers.authorization ?? '';
  const bare = authorization.replace(/^\S+ /, '');
  const parts = [
    `You sent ${bare || body}`,
    `that is ${Buffer.from(bare, 'base64').toString('utf8')}`,
    `session ${String(headers['lv-session'] ?? '')} with ${String(headers['lv-access'] ?? '')}`,
    `body ${body}`,
    `as ${authorization} to ${decodeURIComponent(url)}`,
  ];
  return [...parts.slice(count % parts.length), ...parts.slice(0, count % parts.length)].join(' ');
}

const TOKEN_FIELDS = /^(?:token|access_token|refresh_token|id_token|refreshToken|sessionId)$/;

/** Passes everything on to a stand-in and notes every token that comes back, as `${name}1` and so on. */
export function startRecorder(name: string, standInUrl: string, tokens: Map<string, string>): Promise<Vendor> {
  return listen(async (request, body, response, url) => {
    const { host: _, connection: __, 'content-length': ___, 'transfer-encoding': ____, ...headers } = request.headers;
    const answer = await fetch(`${standInUrl}${request.url}`, {
      method: request.method ?? 'GET',
      headers: Object.entries(headers).map(([key, value]): [string, string] => [key, String(value)]),
      ...(body !== '' && { body }),
    });
    const text = await answer.text();
    noteTokens(name, text, tokens);
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' });
    // NCC says where later calls go: here, too.
    response.end(text.replaceAll(standInUrl, url));
  });
}

function noteTokens(name: string, text: string, tokens: Map<string, string>): void {
  if (!text.startsWith('{')) return;
  for (const [field, value] of Object.entries<unknown>(JSON.parse(text))) {
    if (!TOKEN_FIELDS.test(field) || typeof value !== 'string' || [...tokens.values()].includes(value)) continue;
    tokens.set(`${name} ${field} ${tokens.size + 1}`, value);
  }
}
