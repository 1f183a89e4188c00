import { describe, expect, it } from 'vitest';
import { createSealer, parseEncryptionKeys, SealError } from '../../../src/crypto/seal.ts';
import { KEY_A, KEY_B, rejection } from '../http/support.ts';

describe('sealing', () => {
  it.each(['', 'pass', 'pässwörd ✓ 休憩', 'x'.repeat(100_000)])('opens what it sealed (row %#)', async (secret) => {
    const sealer = createSealer(KEY_A);
    const sealed = await sealer.seal(secret, 'credential:1:realTimePassword');
    expect(sealed).toMatch(/^v1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+$/);
    expect(await sealer.open(sealed, 'credential:1:realTimePassword')).toBe(secret);
  });

  it('seals the same secret differently each time', async () => {
    const sealer = createSealer(KEY_A);
    expect(await sealer.seal('pass', 'here')).not.toBe(await sealer.seal('pass', 'here'));
  });

  it('does not open a text that was moved to another place', async () => {
    const sealer = createSealer(KEY_A);
    const error = await rejection(sealer.open(await sealer.seal('pass', 'credential:1:a'), 'credential:2:a'));
    expect(error).toBeInstanceOf(SealError);
    expect(error).toMatchObject({ kind: 'damaged' });
  });

  it('opens with an old key after rotation, and seals with the new one', async () => {
    const old = await createSealer(KEY_A).seal('pass', 'here');
    const rotated = createSealer(`${KEY_B}, ${KEY_A}`);
    expect(await rotated.open(old, 'here')).toBe('pass');
    expect(await createSealer(KEY_B).open(await rotated.seal('pass', 'here'), 'here')).toBe('pass');
  });

  it('says that the key is unknown when it is not at hand, and names its id', async () => {
    const sealed = await createSealer(KEY_A).seal('pass', 'here');
    const error = await rejection(createSealer(KEY_B).open(sealed, 'here'));
    expect(error).toMatchObject({ kind: 'unknown key', message: expect.stringContaining(sealed.slice(3, 11)) });
  });

  it.each([
    ['', 'nothing'],
    ['v1', 'no parts'],
    ['v2.00000000.AAAA', 'another version'],
    ['v1.630dcd29.AAAA', 'too short for an iv and a tag'],
    ['v1.630dcd29.!!!!', 'not base64url'],
  ])('calls %o damaged: %s', async (text) => {
    expect(await rejection(createSealer(KEY_A).open(text, 'here'))).toMatchObject({ kind: 'damaged' });
  });

  it('finds a single changed character anywhere in the text', async () => {
    const sealer = createSealer(KEY_A);
    const sealed = await sealer.seal('pass', 'here');
    for (let index = 12; index < sealed.length; index += 1) {
      const changed = `${sealed.slice(0, index)}${sealed[index] === 'A' ? 'Q' : 'A'}${sealed.slice(index + 1)}`;
      expect(await rejection(sealer.open(changed, 'here'))).toBeInstanceOf(SealError);
    }
  });
});

describe('fingerprints', () => {
  it('are the same for the same parts and tell where one part ends', async () => {
    const sealer = createSealer(KEY_A);
    expect(await sealer.fingerprint('ab', 'c')).toBe(await sealer.fingerprint('ab', 'c'));
    expect(await sealer.fingerprint('ab', 'c')).not.toBe(await sealer.fingerprint('a', 'bc'));
    expect(await sealer.fingerprint('ab', 'c')).toMatch(/^[0-9a-f]{32}$/);
  });

  it('cannot be computed without the key', async () => {
    expect(await createSealer(KEY_A).fingerprint('user', 'pass')).not.toBe(
      await createSealer(KEY_B).fingerprint('user', 'pass'),
    );
  });

  it('stay the same when an old key is dropped', async () => {
    expect(await createSealer(`${KEY_A},${KEY_B}`).fingerprint('a')).toBe(await createSealer(KEY_A).fingerprint('a'));
  });
});

describe('ENCRYPTION_KEY', () => {
  it.each([
    ['', 'is not set'],
    [' , ', 'is not set'],
    ['not base64!', 'is not base64'],
    ['AAECAw==', 'holds 4 bytes, it must hold 32'],
    [`${KEY_A},`, 'Key 2 of ENCRYPTION_KEY is empty'],
    [`${KEY_A},AAECAw==`, 'Key 2 of ENCRYPTION_KEY holds 4 bytes'],
  ])('%o is refused: %s', (text, words) => {
    const parsed = parseEncryptionKeys(text);
    expect(parsed).toMatchObject({ ok: false, message: expect.stringContaining(words) });
    expect(parsed).toMatchObject({ message: expect.stringContaining('openssl rand -base64 32') });
    expect(parsed).not.toMatchObject({ message: expect.stringContaining('AAECA') });
    expect(() => createSealer(text)).toThrow(words);
  });

  it('may be padded, unpadded or base64url', () => {
    for (const text of [KEY_A, KEY_A.replace('=', ''), KEY_A.replaceAll('+', '-').replaceAll('/', '_')]) {
      expect(parseEncryptionKeys(text)).toMatchObject({ ok: true });
    }
  });
});
