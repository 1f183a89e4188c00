// Faults A6 and B5: servers whose certificate is not good for the name that was entered, and names that lead inside. No
// byte of a credential may reach any of them, whatever the address check has let pass.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Stage, type StartedProcess } from '../host/support/stage.ts';
import { type Bait, closeBaits, startBait, startResolver } from './support/bait.ts';
import { api, CREDENTIALS, connection, createConnection, startBridge } from './support/bridge.ts';
import { type Identity, makeCertificate } from './support/certificates.ts';

const DAY_MS = 86_400_000;
const HOST = 'localhost';
/** Names that pass the address check; the tests' resolver leads them to loopback. */
const nameOf = (index: number) => `ncc-${index}.example.com`;

const root = makeCertificate({ name: 'Root of the tests', isAuthority: true });
const unknownRoot = makeCertificate({ name: 'Root that nobody knows', isAuthority: true });

interface Kind {
  readonly what: string;
  /** Null: no TLS at all. */
  identity(hosts: readonly string[]): Identity | null;
  readonly chain?: readonly Identity[];
}

const leaf = makeCertificate({ name: 'A leaf', issuer: root, hosts: [HOST] });
const KINDS: readonly Kind[] = [
  {
    what: 'has expired',
    identity: (hosts) =>
      makeCertificate({
        name: 'n',
        issuer: root,
        hosts,
        notBefore: new Date(0),
        notAfter: new Date(Date.now() - DAY_MS),
      }),
  },
  {
    what: 'is not valid yet',
    identity: (hosts) =>
      makeCertificate({
        name: 'n',
        issuer: root,
        hosts,
        notBefore: new Date(Date.now() + DAY_MS),
        notAfter: new Date(Date.now() + 2 * DAY_MS),
      }),
  },
  { what: 'is signed by itself', identity: (hosts) => makeCertificate({ name: 'n', hosts }) },
  {
    what: 'is signed by itself as an authority',
    identity: (hosts) => makeCertificate({ name: 'n', hosts, isAuthority: true }),
  },
  {
    what: 'is of another host',
    identity: () => makeCertificate({ name: 'n', issuer: root, hosts: ['other.example.com'] }),
  },
  {
    what: 'names the host as its subject only',
    identity: ([host = '']) => makeCertificate({ name: host, issuer: root, hosts: ['other.example.com'] }),
  },
  {
    what: 'is of an authority that nobody knows',
    identity: (hosts) => makeCertificate({ name: 'n', issuer: unknownRoot, hosts }),
    chain: [unknownRoot],
  },
  {
    what: 'is of one who may not sign',
    identity: (hosts) => makeCertificate({ name: 'n', issuer: leaf, hosts }),
    chain: [leaf],
  },
  { what: 'is none: plain http at an https address', identity: () => null },
];

const stage = new Stage();
let authorities: string;
const unwanted = [...Object.values(CREDENTIALS), 'canary-user', 'canary-key-id'].flatMap((text) => [
  text,
  // As Basic credentials carry it, at each of the three places in a group of bytes.
  ...[0, 1, 2].map((shift) =>
    Buffer.from('x'.repeat(shift) + text)
      .toString('base64')
      .slice(4, -4),
  ),
]);

beforeAll(() => {
  authorities = path.join(stage.directory(), 'root.pem');
  writeFileSync(authorities, root.certificate);
});
afterAll(async () => {
  closeBaits();
  await stage.close();
});

function expectNothingGiven(bait: Bait): void {
  expect(bait.clear().toString('latin1')).toBe('');
  const wire = bait.wire().toString('latin1');
  for (const text of unwanted) expect(wire).not.toContain(text);
}

interface Status {
  readonly rows: readonly { readonly connectionId: number; readonly feeds: readonly { readonly error: string }[] }[];
}

/** The bridge has tried, failed, and says so. */
async function complains(bridge: StartedProcess, id: number): Promise<string> {
  let error = '';
  await eventually(
    'the connection says what is wrong',
    async () => {
      const { rows } = JSON.parse((await api(bridge.url, 'GET', '/status')).text) as Status;
      error =
        rows
          .find(({ connectionId }) => connectionId === id)
          ?.feeds.map((feed) => feed.error)
          .find(Boolean) ?? '';
      return error !== '';
    },
    30_000,
  );
  return error;
}

describe('asked by the engine itself', () => {
  let bridge: StartedProcess;
  beforeAll(async () => {
    bridge = await startBridge(stage, { ALLOW_PRIVATE_NETWORK: 'true', NODE_EXTRA_CA_CERTS: authorities });
  });

  it('a server of the right name and a known authority is given the credentials: the others below are not', async () => {
    const bait = await startBait(makeCertificate({ name: 'n', issuer: root, hosts: [HOST] }));
    const url = `https://${HOST}:${bait.port}`;
    const id = await createConnection(bridge.url, connection('good', url, url));
    expect(await complains(bridge, id)).toContain('401');
    expect(bait.clear().toString('latin1').toLowerCase()).toContain('authorization: basic');
    expect(unwanted.some((text) => bait.clear().includes(text))).toBe(true);
  });

  it.each(KINDS)('a server whose certificate $what is given nothing', async ({ what, identity, chain = [] }) => {
    const bait = await startBait(identity([HOST]), chain);
    const url = `https://${HOST}:${bait.port}`;
    const id = await createConnection(bridge.url, connection(what, url, url));
    expect(await complains(bridge, id)).toMatch(/could not be reached|gave no whole answer/);
    expect(bait.connections()).toBeGreaterThan(0);
    expectNothingGiven(bait);
  });
});

describe('asked through the proxy of the site', () => {
  const baits = new Map<string, Bait>();
  let bridge: StartedProcess;
  let good: Bait;
  let inside: Bait;

  beforeAll(async () => {
    for (const [index, { identity, chain = [] }] of KINDS.entries()) {
      baits.set(nameOf(index), await startBait(identity([nameOf(index)]), chain));
    }
    good = await startBait(
      makeCertificate({ name: 'n', issuer: root, hosts: ['good.example.com', 'turns.example.com'] }),
    );
    inside = await startBait(makeCertificate({ name: 'n', issuer: root, hosts: ['intranet.example.com'] }));
    const resolver = await startResolver((host, times) => {
      if (host === 'good.example.com') return good.port;
      // The rebinding resolver: outside at first, inside from then on.
      if (host === 'turns.example.com') return times === 1 ? good.port : inside.port;
      return baits.get(host)?.port ?? 1;
    });
    bridge = await startBridge(stage, {
      HTTPS_PROXY: `http://127.0.0.1:${resolver.port}`,
      NODE_EXTRA_CA_CERTS: authorities,
    });
  });

  it('a server of the right name and a known authority is given the credentials', async () => {
    const url = 'https://good.example.com';
    const id = await createConnection(bridge.url, connection('good', url, url));
    expect(await complains(bridge, id)).toContain('401');
    expect(good.clear().toString('latin1').toLowerCase()).toContain('authorization: basic');
  });

  it.each(KINDS.map(({ what }, index) => ({ what, host: nameOf(index) })))(
    'a name that leads inside, to a server whose certificate $what, gives nothing away',
    async ({ what, host }) => {
      const bait = baits.get(host);
      if (bait === undefined) throw new Error('There is no such server.');
      const url = `https://${host}`;
      const id = await createConnection(bridge.url, connection(what, url, url));
      expect(await complains(bridge, id)).toMatch(/could not be reached|gave no whole answer/);
      expect(bait.connections()).toBeGreaterThan(0);
      expectNothingGiven(bait);
    },
  );

  it('a name that leads outside at first and inside afterwards gives nothing to what is inside', async () => {
    const url = 'https://turns.example.com';
    const id = await createConnection(bridge.url, connection('turns', url, url));
    await complains(bridge, id);
    // The refused sign-in is not repeated for minutes; other credentials are tried at once.
    for (let round = 1; inside.connections() === 0 && round < 20; round += 1) {
      const { version } = JSON.parse((await api(bridge.url, 'GET', `/connections/${id}`)).text);
      const realTimePassword = `${CREDENTIALS.realTimePassword}-${round}`;
      const secrets = { ...CREDENTIALS, realTimePassword, historicalPassword: realTimePassword };
      await api(bridge.url, 'PUT', `/connections/${id}`, { ...connection('turns', url, url, secrets), version });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    expect(inside.connections()).toBeGreaterThan(0);
    expectNothingGiven(inside);
  });
});

describe('base URLs that lead inside', () => {
  it.each([
    'http://ncc.example.com',
    'https://127.0.0.1',
    'https://localhost',
    'https://[::1]',
    'https://[::ffff:169.254.169.254]',
    'https://0x7f.1',
    'https://2130706433',
    'https://169.254.169.254/latest/meta-data',
    'https://metadata.google.internal',
    'https://user@127.0.0.1',
    'https://ncc.example.com@127.0.0.1',
    'https://127.0.0.1#.example.com',
    'https://127.0.0.1\\@ncc.example.com',
    'file:///etc/passwd',
    'gopher://127.0.0.1:25/_x',
  ])('are not taken outside development, on either side, by form or API: %s', async (address) => {
    const bridge = await closedBridge();
    const good = 'https://good.example.com';
    for (const settings of [connection('x', address, good), connection('x', good, address)]) {
      const { status, text } = await api(bridge.url, 'POST', '/connections', settings);
      expect(status).toBe(400);
      expect(JSON.parse(text).errors.every((error: { path: string }) => error.path.endsWith('baseUrl'))).toBe(true);
    }
    expect(JSON.parse((await api(bridge.url, 'GET', '/connections')).text).rows).toEqual([]);
  });

  let started: Promise<StartedProcess> | undefined;
  function closedBridge(): Promise<StartedProcess> {
    started ??= startBridge(stage);
    return started;
  }
});
