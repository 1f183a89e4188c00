/**
 * Which addresses the bridge may send credentials to: https and public hosts, whatever way they are written. Used when
 * an address is saved and again before each request. It resolves no names: that a public name does not point inside is
 * for the network that the bridge runs in (a Worker cannot reach a private network; an appliance needs a firewall).
 */

export type CheckedAddress =
  /** `url`: normalised, without a trailing slash. */
  { readonly ok: true; readonly url: string } | { readonly ok: false; readonly message: string };

export interface AddressRules {
  /** Admits http and any host: development and the demo only. */
  readonly allowPrivateNetwork: boolean;
}

/**
 * Checks a base URL: https (http in development), a public host, no user name or password, query or fragment.
 * `message` is a sentence for the form field; it repeats the host at most.
 */
export function checkAddress(text: string, rules: AddressRules): CheckedAddress {
  const trimmed = text.trim();
  const url = URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  if (!url || !/^https?:\/\//i.test(trimmed)) {
    return refuse('Enter a whole address that begins with "https://".');
  }
  // The parser drops a bare "?" or "#", so the text is asked, not only the parsed parts.
  if (/[?#]/.test(trimmed)) return refuse('A base URL has no "?" and no "#".');
  const problem = urlProblem(url, rules);
  if (problem) return refuse(problem);
  return { ok: true, url: `${url.origin}${url.pathname.replace(/\/+$/, '')}` };
}

/** Why this URL may not be called, as a sentence; undefined when it may. A query string is allowed. */
export function urlProblem(url: URL, { allowPrivateNetwork }: AddressRules): string | undefined {
  if (url.protocol !== 'https:' && !(allowPrivateNetwork && url.protocol === 'http:')) {
    return 'The address must begin with "https://": credentials are not sent in clear.';
  }
  if (url.username !== '' || url.password !== '') {
    return 'The address must not hold a user name or password; they have fields of their own.';
  }
  if (allowPrivateNetwork) return undefined;
  return hostProblem(url.hostname);
}

/** `hostname` as the URL parser writes it: it has already turned octal, hex, short and full-width forms into one. */
function hostProblem(hostname: string): string | undefined {
  if (hostname.startsWith('[')) return ipv6Problem(hostname.slice(1, -1));
  const host = hostname.replace(/\.+$/, '').toLowerCase();
  const octets = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host)?.slice(1).map(Number);
  if (octets) return isPublicIpv4(octets) ? undefined : inside(host);
  const labels = host.split('.');
  const last = labels.at(-1) ?? '';
  if (labels.length < 2 || labels.includes('')) return `"${host}" is not the full name of a public host.`;
  if (PRIVATE_TOP_LABELS.has(last) || host.endsWith('.home.arpa')) return inside(host);
  if (!/^(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/.test(last)) return `"${host}" is not the name of a public host.`;
  return undefined;
}

/** Top labels that name hosts of a private network only (RFC 6761, RFC 6762, ICANN's .internal, common habits). */
const PRIVATE_TOP_LABELS: ReadonlySet<string> = new Set([
  'localhost',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'localdomain',
  'test',
]);

/** Blocks that are not public unicast (IANA IPv4 special-purpose registry, multicast, reserved): [address, prefix bits]. */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

function isPublicIpv4(octets: readonly number[]): boolean {
  const address = ipv4Number(octets);
  return !SPECIAL_IPV4.some(([block, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(address / size) === Math.floor(ipv4Number(block.split('.').map(Number)) / size);
  });
}

function ipv4Number(octets: readonly number[]): number {
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

/**
 * Public IPv6 is 2000::/3 less the blocks that carry something else inside: protocol assignments with Teredo
 * (2001::/23), documentation (2001:db8::/32, 3fff::/20) and 6to4 (2002::/16). Everything outside 2000::/3 is refused:
 * loopback, IPv4-mapped and -compatible, NAT64, unique local, link and site local, multicast.
 */
function ipv6Problem(text: string): string | undefined {
  const [first = 0, second = 0] =
    text
      .split('::')[0]
      ?.split(':')
      .map((group) => Number.parseInt(group || '0', 16)) ?? [];
  const isGlobal = first >= 0x2000 && first <= 0x3fff;
  const isSpecial =
    (first === 0x2001 && second < 0x0200) ||
    (first === 0x2001 && second === 0x0db8) ||
    first === 0x2002 ||
    (first === 0x3fff && second < 0x1000);
  return isGlobal && !isSpecial ? undefined : inside(text);
}

function inside(host: string): string {
  return `"${host}" is not a public host; the bridge sends credentials to public hosts only.`;
}

function refuse(message: string): CheckedAddress {
  return { ok: false, message };
}
