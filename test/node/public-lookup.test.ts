// Fault B5 on the appliance: what a resolver answers is what is connected to, and what is inside is not.
import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { createPublicLookup, isPublicAddress, type Resolve } from '../../appliance/public-lookup.ts';

describe('an address', () => {
  it.each([
    ['8.8.8.8', true],
    ['99.255.255.255', true],
    ['172.15.255.255', true],
    ['172.32.0.0', true],
    ['2606:4700::1111', true],
    ['2a00:1450:4001::200e', true],
    ['::ffff:8.8.8.8', false], // no resolver gives it for a public host
    ['0.0.0.0', false],
    ['10.1.2.3', false],
    ['100.64.0.1', false],
    ['127.0.0.1', false],
    ['169.254.169.254', false],
    ['172.16.0.1', false],
    ['172.31.255.255', false],
    ['192.168.1.1', false],
    ['198.19.0.1', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::', false],
    ['::1', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:7f00:1', false],
    ['64:ff9b::7f00:1', false],
    ['64:ff9b::10.1.2.3', false],
    ['64:ff9b::8.8.8.8', true],
    ['2002:7f00:1::', false],
    ['2001:db8::1', false],
    ['fd12:3456::1', false],
    ['fe80::1', false],
    ['ff02::1', false],
    ['fe80::1%eth0', false],
    ['a name', false],
  ])('%s is public: %s', (address, isPublic) => {
    expect(isPublicAddress(address)).toBe(isPublic);
  });
});

describe('a name', () => {
  const outside: LookupAddress = { address: '93.184.216.34', family: 4 };
  const inside: LookupAddress = { address: '10.0.0.5', family: 4 };

  function ask(
    lookup: ReturnType<typeof createPublicLookup>,
    host: string,
    all: boolean,
  ): Promise<{ error: string | null; address: string | LookupAddress[] }> {
    return new Promise((resolve) => {
      lookup(host, { all }, (error, address) => resolve({ error: error?.message ?? null, address }));
    });
  }

  const resolverOf =
    (...answers: LookupAddress[][]): Resolve =>
    (_host, _options, callback) =>
      callback(null, answers.shift() ?? []);

  it('that leads outside at first and inside afterwards leads nowhere afterwards', async () => {
    const lookup = createPublicLookup(new Set(), resolverOf([outside], [inside]));
    expect(await ask(lookup, 'turns.example', false)).toEqual({ error: null, address: '93.184.216.34' });
    const message = 'turns.example leads to an address that is not public';
    expect(await ask(lookup, 'turns.example', false)).toMatchObject({ error: message });
  });

  it('that leads to both leads outside only', async () => {
    const lookup = createPublicLookup(new Set(), resolverOf([inside, outside], [inside, outside]));
    expect(await ask(lookup, 'both.example', false)).toEqual({ error: null, address: '93.184.216.34' });
    expect(await ask(lookup, 'both.example', true)).toEqual({ error: null, address: [outside] });
  });

  it('that is admitted may lead inside, in any letters', async () => {
    const lookup = createPublicLookup(new Set(['link.example']), resolverOf([inside]));
    expect(await ask(lookup, 'LINK.example', true)).toEqual({ error: null, address: [inside] });
  });

  it('that nobody knows fails as the resolver says', async () => {
    const failing: Resolve = (_host, _options, callback) => callback(new Error('getaddrinfo ENOTFOUND'), []);
    expect(await ask(createPublicLookup(new Set(), failing), 'x.example', true)).toMatchObject({
      error: 'getaddrinfo ENOTFOUND',
    });
  });
});
