// Resolves names for connections that may lead outside only. The addresses that it gives are those that are connected to:
// whoever answers for a name cannot turn it inwards between a check and its use (rebinding).
import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Addresses that are no part of the public internet: IANA's registries of special-purpose addresses (RFC 6890). */
const INSIDE_IPV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3'],
];
/** Everything but global unicast, and of that what embeds an IPv4 address or is kept for documents. */
const INSIDE_IPV6 = ['::/3', '2001::/23', '2001:db8::/32', '2002::/16', '4000::/2', '8000::/1'];

/** Where a network without IPv4 reaches it (RFC 6052): the last 32 bits are an IPv4 address. */
const NAT64 = '64:ff9b::';
const NAT64_BITS = 96;

/** A list for each family: in one, ::/3 would take every IPv4 address for a mapped one. */
const inside = { ipv4: listOf('ipv4', INSIDE_IPV4), ipv6: listOf('ipv6', INSIDE_IPV6) };

const nat64 = listOf('ipv6', [`${NAT64}/${NAT64_BITS}`]);
const insideNat64 = listOf(
  'ipv6',
  INSIDE_IPV4.map((subnet) => {
    const [network = '', bits = ''] = subnet.split('/');
    return `${NAT64}${network}/${NAT64_BITS + Number(bits)}`;
  }),
);

function listOf(family: 'ipv4' | 'ipv6', subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = '', bits = ''] = subnet.split('/');
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}

export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  if (version === 6 && nat64.check(address, 'ipv6')) return !insideNat64.check(address, 'ipv6');
  const family = version === 4 ? 'ipv4' : 'ipv6';
  return !inside[family].check(address, family);
}

/** The system's resolver, or that of a test. */
export type Resolve = (
  host: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A `lookup` for Node's connections that gives public addresses alone, and fails when there is none.
 * @param privateHosts names that may lead inside, in lower case
 */
export function createPublicLookup(privateHosts: ReadonlySet<string>, resolve: Resolve = systemLookup): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return void callback(error, []);
      const admitted = privateHosts.has(host.toLowerCase())
        ? addresses
        : addresses.filter(({ address }) => isPublicAddress(address));
      const [first] = admitted;
      if (first === undefined) return void callback(new Error(`${host} leads to an address that is not public`), []);
      if (options.all === true) callback(null, admitted);
      else callback(null, first.address, first.family);
    });
  };
}
