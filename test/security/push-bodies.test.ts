// Fault B4 on the one address that unpacks what it is sent: compressed bombs and malformed packings as pushed records.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage, type StartedProcess } from '../host/support/stage.ts';
import { CREDENTIALS, connection, createConnection, SECRETS, startBridge } from './support/bridge.ts';

const stage = new Stage();
let bridge: StartedProcess;
let url: string;

beforeAll(async () => {
  bridge = await startBridge(stage, { ALLOW_PRIVATE_NETWORK: 'true' });
  const settings = { ...connection('pushed', '', 'http://127.0.0.1:1'), acd: { kind: 'push' } };
  const secrets = { accessKeySecret: CREDENTIALS.accessKeySecret };
  url = `${bridge.url}/api/v1/connections/${await createConnection(bridge.url, { ...settings, secrets })}/push/queues`;
});
afterAll(() => stage.close());

/** The status that answers a push with this body. */
async function push(body: Buffer<ArrayBuffer>, type = 'application/json', encoding = 'gzip'): Promise<number> {
  const headers = {
    authorization: `Bearer ${SECRETS.API_TOKEN}`,
    'content-type': type,
    'content-encoding': encoding,
  };
  const response = await fetch(url, { method: 'POST', headers, body });
  await response.text();
  return response.status;
}

const GOOD = gzipSync('{"records":[{"queueId":"q"}]}');
/** Well-formed to the end, had anybody the patience: 200 MB. */
const BOMB = gzipSync(Buffer.concat([Buffer.from('{"records":[]}'), Buffer.alloc(200_000_000, ' ')]));

it('bombs are unpacked up to the cap and no further, also several at once, and the bridge goes on', async () => {
  expect(BOMB.length).toBeLessThan(1_000_000);
  expect(await push(GOOD)).toBe(200);
  const statuses = await Promise.all(Array.from({ length: 8 }, () => push(BOMB)));
  expect(statuses).toEqual(Array.from({ length: 8 }, () => 413));
  expect(await push(BOMB, 'application/x-ndjson')).toBe(413);
  expect((await fetch(`${bridge.url}/healthz`)).status).toBe(200);
  expect(await push(GOOD)).toBe(200);
});

it('what is packed twice, cut off or packed in another way is refused', async () => {
  expect(await push(gzipSync(BOMB))).toBe(400);
  expect(await push(BOMB, 'application/json', 'gzip, gzip')).toBe(415);
  expect(await push(BOMB, 'application/json', 'br')).toBe(415);
  expect(await push(GOOD.subarray(0, 20))).toBe(400);
  expect(await push(Buffer.from('not packed'))).toBe(400);
  expect((await fetch(`${bridge.url}/healthz`)).status).toBe(200);
});
