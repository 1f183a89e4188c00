import { describe, expect, it } from 'vitest';
import { withoutSecrets } from '../../../src/http/redact.ts';

const SECRET = 'Bw4kXs6qZm"&<%é\\ +Tn5vJq2';
const inHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const numbered = (text: string) => text.replaceAll(/[^\w .-]/gu, (char) => `&#${char.codePointAt(0)};`);
const hexadecimal = (text: string) =>
  text.replaceAll(/[^\w .-]/gu, (char) => `&#x${char.codePointAt(0)?.toString(16)};`);
const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
const inAscii = (text: string) =>
  text.replaceAll(/[^\w .-]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
const inForm = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
const inLatin1 = (text: string) =>
  Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');

const WAYS: readonly [string, (text: string) => string][] = [
  ['as it is', (text) => text],
  ['as HTML', inHtml],
  ['as HTML with numbers', numbered],
  ['as HTML with hexadecimal numbers', hexadecimal],
  ['as JSON', inJson],
  ['as JSON in ASCII', inAscii],
  ['as an address', encodeURIComponent],
  ['as a field of a form', inForm],
  ['as JSON in JSON', (text) => inJson(inJson(text))],
  ['as JSON in HTML', (text) => inHtml(inJson(text))],
  ['as JSON in HTML with numbers', (text) => numbered(inJson(text))],
  ['as JSON in an address', (text) => encodeURIComponent(inJson(text))],
  ['as HTML twice', (text) => inHtml(inHtml(text))],
  ['as an address twice', (text) => encodeURIComponent(encodeURIComponent(text))],
  ['as JSON in JSON in HTML', (text) => inHtml(inJson(inJson(text)))],
  ['with question marks for other letters', (text) => text.replaceAll('é', '?')],
  ['with question marks for other bytes', (text) => text.replaceAll('é', '??')],
  ['as UTF-8 that was read as Latin-1', inLatin1],
  ['as that in HTML', (text) => inHtml(inLatin1(text))],
];

describe('a secret in the words of another server', () => {
  it.each(WAYS)('is taken out %s, and the words around it stay', (_way, write) => {
    const text = write(`You sent ${SECRET} to us`);
    expect(withoutSecrets(text, [SECRET]).replaceAll('+', ' ').replaceAll('%20', ' ')).toBe('You sent [removed] to us');
  });

  it.each(WAYS)('is taken out %s where the words end in the middle of it', (_way, write) => {
    const text = write(`You sent ${SECRET}`);
    const from = text.indexOf('Bw4k') + 11;
    for (let end = from; end <= text.length; end += 1) {
      expect(withoutSecrets(text.slice(0, end), [SECRET])).not.toContain('Bw4kXs6q');
    }
  });

  it('is taken out each time, in whichever ways, and so are others', () => {
    const other = 'another "secret"';
    const text = `${SECRET} ${inHtml(SECRET)} ${encodeURIComponent(other)} ${inJson(other)} ${inHtml(inJson(other))}`;
    const safe = withoutSecrets(text, [SECRET, other]);
    expect(safe).not.toMatch(/Bw4k|Jq2|another|secret/);
  });

  it('leaves nothing where it is hidden more deeply than anybody does', () => {
    let text = SECRET;
    for (const write of [inHtml, encodeURIComponent, inJson]) text = write(text);
    const many = `${text} ${inHtml(SECRET)} ${inJson(SECRET)} ${encodeURIComponent(SECRET)} ${numbered(inJson(SECRET))}`;
    expect(withoutSecrets(many, [SECRET])).not.toContain('Bw4kXs6q');
  });
});

it('words without a secret stay as they are, escaped or not', () => {
  const text = 'The field &quot;a%20b&quot; is + not \\u0041 right';
  expect(withoutSecrets(text, [SECRET])).toBe(text);
  expect(withoutSecrets(text, [])).toBe(text);
});

it('the longest goes first: one secret can be the beginning of another', () => {
  expect(withoutSecrets('a canary-long-tail b', ['canary-long', 'canary-long-tail'])).toBe('a [removed] b');
});
