// Who calls? The address of the connection, unless it is a proxy that this deployment names: then what that proxy says.
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { StartRefused } from './start-refused.ts';

export interface Callers {
  /** The caller's address, as far as it can be believed. */
  addressOf(request: IncomingMessage): string;
  /** Does the request come straight from one of the named proxies? */
  isFromProxy(request: IncomingMessage): boolean;
  /** Does one of the named proxies say that the caller came to it over https? */
  isHttpsAtProxy(request: IncomingMessage): boolean;
}

/**
 * @param trustedProxies addresses or networks (CIDR), separated by commas; '' for none
 * @throws StartRefused when one of them is neither
 */
export function createCallers(trustedProxies: string): Callers {
  const trusted = readAddresses('TRUSTED_PROXIES', trustedProxies);
  const isTrusted = (address: string) =>
    isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

  return {
    isFromProxy: (request) => isTrusted(peerOf(request)),
    isHttpsAtProxy(request) {
      const schemes = [request.headers['x-forwarded-proto'] ?? ''].flat().join(',').split(',');
      return isTrusted(peerOf(request)) && schemes.some((scheme) => scheme.trim().toLowerCase() === 'https');
    },
    addressOf(request) {
      // From the nearest to the farthest: each proxy appends whom it heard from, so the first that is not ours is the
      // caller. What stands further left, the caller may have written himself.
      let address = peerOf(request);
      const hops = [request.headers['x-forwarded-for'] ?? ''].flat().join(',').split(',').reverse();
      for (const hop of hops) {
        if (!isTrusted(address)) return address;
        const next = plainAddress(hop);
        if (isIP(next) === 0) return address;
        address = next;
      }
      return address;
    },
  };
}

/**
 * A list of addresses and networks (CIDR), separated by commas; `setting` names it in messages.
 * @throws StartRefused when one of them is neither
 */
export function readAddresses(setting: string, text: string): BlockList {
  const list = new BlockList();
  for (const entry of text.split(',').map((part) => part.trim())) if (entry !== '') add(list, entry, setting);
  return list;
}

function add(list: BlockList, entry: string, setting: string): void {
  const [address = '', prefix, ...rest] = entry.split('/');
  const family = isIP(address);
  const bits = prefix === undefined ? undefined : Number(prefix);
  const isWrong =
    family === 0 ||
    rest.length > 0 ||
    (prefix !== undefined && !/^\d+$/.test(prefix)) ||
    (bits !== undefined && bits > (family === 6 ? 128 : 32));
  if (isWrong) {
    throw new StartRefused(`${setting} has "${entry}", which is neither an address nor a network such as 10.1.0.0/16.`);
  }
  const type = family === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, type);
  else list.addSubnet(address, bits, type);
}

function peerOf(request: IncomingMessage): string {
  return plainAddress(request.socket.remoteAddress ?? '');
}

/** Without what different proxies put around an address: brackets, a port, the IPv4-in-IPv6 prefix. */
function plainAddress(text: string): string {
  const trimmed = text.trim().replace(/^::ffff:/i, '');
  if (isIP(trimmed) !== 0) return trimmed;
  const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(trimmed) ?? [];
  return bracketed ?? plain ?? trimmed;
}
