// Fault B4: what the time of an answer tells. Passwords and ids, over the network on the built product; API tokens are in
// requests.test.ts.
import http from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage, type StartedProcess } from '../host/support/stage.ts';
import { connection, createConnection, SECRETS, startBridge } from './support/bridge.ts';

const WARM_UP_ROUNDS = 50;
const ROUNDS = 250;
/** By chance two samples of 250 stray by 0.026 (standard error of the share); five times that nobody could use in a guess. */
const STRAY_MAX = 0.13;
/** An address may try so many passwords before it has to wait; this machine has others. */
const TRIES_PER_ADDRESS = 5;

const stage = new Stage();
let bridge: StartedProcess;
let connectionId = 0;

beforeAll(async () => {
  bridge = await startBridge(stage, { ALLOW_PRIVATE_NETWORK: 'true' });
  // Nobody listens there: the loop has nothing to do that would differ between the questions.
  connectionId = await createConnection(bridge.url, connection('Centre', 'http://127.0.0.1:9', 'http://127.0.0.1:9'));
});
afterAll(() => stage.close());

interface Question {
  readonly target: string;
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly status: number;
  readonly localAddress?: string;
}

/** How long the answer took, in ns. */
function ask(
  { target, method = 'GET', headers, body, status, localAddress }: Question,
  agent: http.Agent,
): Promise<number> {
  const { hostname, port } = new URL(bridge.url);
  return new Promise((resolve, reject) => {
    const startNs = process.hrtime.bigint();
    const options = { hostname, port, path: target, method, headers, agent, ...(localAddress && { localAddress }) };
    const request = http.request(options, async (response) => {
      await response.toArray().catch(reject);
      if (response.statusCode === status) resolve(Number(process.hrtime.bigint() - startNs));
      else reject(new Error(`${method} ${target} was answered with ${response.statusCode}, not ${status}.`));
    });
    request.once('error', reject);
    request.end(body);
  });
}

/** The share of pairs in which the first kind of question took longer than the second: 0.5 when they are alike. */
async function shareSlower(first: (turn: number) => Question, second: (turn: number) => Question): Promise<number> {
  const times: [number[], number[]] = [[], []];
  let turn = 0;
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    // In turn and in either order: what else the machine does meets both alike.
    for (const kind of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      // A connection of its own each time: otherwise the one that has just been made would be the slower.
      const agent = new http.Agent({ keepAlive: false });
      const tookNs = await ask((kind === 0 ? first : second)(turn), agent);
      agent.destroy();
      turn += 1;
      if (round >= WARM_UP_ROUNDS) times[kind].push(tookNs);
    }
  }
  const [slow, fast] = times;
  const wins = slow.reduce((sum, a) => sum + fast.filter((b) => b < a).length, 0);
  return wins / (slow.length * fast.length);
}

it('does not tell how much of a password was right', async () => {
  const tried = (password: string) => (turn: number) => ({
    target: '/sign-in',
    method: 'POST',
    headers: { origin: bridge.url, 'content-type': 'application/x-www-form-urlencoded' },
    body: `password=${password}`,
    status: 403,
    localAddress: `127.0.3.${1 + Math.floor(turn / TRIES_PER_ADDRESS)}`,
  });
  const right = SECRETS.ADMIN_PASSWORD;
  const share = await shareSlower(tried(`${right.slice(0, -1)}X`), tried('X'.repeat(right.length)));
  expect(Math.abs(share - 0.5)).toBeLessThan(STRAY_MAX);
});

it.each([
  ['no token', {}, 401],
  ['a wrong token', { authorization: `Bearer ${'X'.repeat(SECRETS.API_TOKEN.length)}` }, 401],
])('does not tell somebody with %s whether a connection is there', async (_who, headers, status) => {
  const asked = (id: number) => () => ({ target: `/api/v1/connections/${id}`, headers, status });
  const share = await shareSlower(asked(connectionId), asked(connectionId + 900));
  expect(Math.abs(share - 0.5)).toBeLessThan(STRAY_MAX);
});
