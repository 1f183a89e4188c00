import { describe, expect, it } from 'vitest';
import { checkAddress } from '../../../src/http/address.ts';

const PUBLIC_ONLY = { allowPrivateNetwork: false };
const DEVELOPMENT = { allowPrivateNetwork: true };

describe('a base URL outside development', () => {
  it.each([
    ['https://acme.thrio.io', 'https://acme.thrio.io', 'a public name'],
    [' https://acme.thrio.io/ ', 'https://acme.thrio.io', 'spaces and a trailing slash go'],
    ['HTTPS://ACME.Thrio.IO/wfm//', 'https://acme.thrio.io/wfm', 'a path stays, its last slashes go'],
    ['https://acme.thrio.io:8443/a', 'https://acme.thrio.io:8443/a', 'a port stays'],
    ['https://acme.thrio.io.', 'https://acme.thrio.io.', 'a fully qualified name'],
    ['https://bücher.example.com', 'https://xn--bcher-kva.example.com', 'an international name'],
    ['https://8.8.8.8', 'https://8.8.8.8', 'a public IPv4 address'],
    ['https://[2606:4700::1111]', 'https://[2606:4700::1111]', 'a public IPv6 address'],
    ['https://172.32.0.1', 'https://172.32.0.1', 'just outside 172.16.0.0/12'],
    ['https://100.128.0.1', 'https://100.128.0.1', 'just outside 100.64.0.0/10'],
  ])('%s becomes %s: %s', (text, url) => {
    expect(checkAddress(text, PUBLIC_ONLY)).toEqual({ ok: true, url });
  });

  it.each([
    ['', 'nothing'],
    ['acme.thrio.io', 'no scheme'],
    ['http://acme.thrio.io', 'credentials in clear'],
    ['ftp://acme.thrio.io', 'another scheme'],
    ['javascript:alert(1)', 'no address at all'],
    ['https:acme.thrio.io', 'no slashes'],
    ['https://', 'no host'],
    ['https://user:hunter2@acme.thrio.io', 'credentials in the address'],
    ['https://user@acme.thrio.io', 'a user name in the address'],
    ['https://acme.thrio.io?x=1', 'a query'],
    ['https://acme.thrio.io/?', 'an empty query'],
    ['https://acme.thrio.io#a', 'a fragment'],
    ['https://acme.thrio.io/#', 'an empty fragment'],
    ['https://localhost', 'this machine'],
    ['https://LOCALHOST.', 'this machine, fully qualified'],
    ['https://a.localhost', 'this machine by a sub-domain'],
    ['https://printer.local', 'multicast DNS'],
    ['https://metadata.google.internal', 'a cloud metadata name'],
    ['https://router.home.arpa', 'a home network'],
    ['https://db.corp', 'a company network'],
    ['https://intranet', 'a single label'],
    ['https://intranet.', 'a single label, fully qualified'],
    ['https://127.0.0.1', 'loopback'],
    ['https://127.1', 'loopback, short'],
    ['https://2130706433', 'loopback, decimal'],
    ['https://0x7f000001', 'loopback, hexadecimal'],
    ['https://0x7f.0.0.1', 'loopback, part hexadecimal'],
    ['https://0177.0.0.1', 'loopback, octal'],
    ['https://127.0.0.1.', 'loopback with a dot'],
    ['https://%31%32%37.0.0.1', 'loopback, percent-encoded'],
    ['https://１２７.0.0.1', 'loopback in full-width digits'],
    ['https://127。0。0。1', 'loopback with ideographic full stops'],
    ['https://0.0.0.0', 'this host'],
    ['https://0', 'this host, short'],
    ['https://10.1.2.3', 'private'],
    ['https://172.16.0.1', 'private, first of its block'],
    ['https://172.31.255.255', 'private, last of its block'],
    ['https://192.168.1.1', 'private'],
    ['https://169.254.169.254', 'link-local, cloud metadata'],
    ['https://100.64.0.1', 'carrier-grade NAT'],
    ['https://198.18.0.1', 'benchmarks'],
    ['https://192.0.0.1', 'protocol assignments'],
    ['https://203.0.113.9', 'documentation'],
    ['https://224.0.0.1', 'multicast'],
    ['https://255.255.255.255', 'broadcast'],
    ['https://[::]', 'unspecified'],
    ['https://[::1]', 'loopback'],
    ['https://[0:0:0:0:0:0:0:1]', 'loopback, long'],
    ['https://[::ffff:127.0.0.1]', 'IPv4-mapped'],
    ['https://[::ffff:7f00:1]', 'IPv4-mapped, hexadecimal'],
    ['https://[::127.0.0.1]', 'IPv4-compatible'],
    ['https://[64:ff9b::7f00:1]', 'NAT64'],
    ['https://[64:ff9b:1::1]', 'local NAT64'],
    ['https://[2002:7f00:1::]', '6to4'],
    ['https://[2001:0:7f00:1::]', 'Teredo'],
    ['https://[2001:db8::1]', 'documentation'],
    ['https://[3fff::1]', 'documentation'],
    ['https://[fc00::1]', 'unique local'],
    ['https://[fd12:3456::1]', 'unique local'],
    ['https://[fe80::1]', 'link-local'],
    ['https://[fec0::1]', 'site-local'],
    ['https://[ff02::1]', 'multicast'],
    ['https://[100::1]', 'discard'],
  ])('%s is refused: %s', (text) => {
    const checked = checkAddress(text, PUBLIC_ONLY);
    expect(checked).toMatchObject({ ok: false, message: expect.stringMatching(/^["A-Z].*\.$/) });
    expect(JSON.stringify(checked)).not.toContain('hunter2');
  });
});

describe('a base URL in development', () => {
  it.each(['http://127.0.0.1:9101', 'http://localhost:9101/wfm', 'https://ncc', 'http://[::1]:80', 'https://10.0.0.1'])(
    '%s is admitted',
    (text) => {
      expect(checkAddress(text, DEVELOPMENT)).toMatchObject({ ok: true });
    },
  );

  it.each(['ftp://127.0.0.1', 'http://u:p@127.0.0.1', 'http://127.0.0.1?x', '127.0.0.1:9101'])(
    '%s is refused all the same',
    (text) => {
      expect(checkAddress(text, DEVELOPMENT)).toMatchObject({ ok: false });
    },
  );
});
