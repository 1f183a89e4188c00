/** How the browser sees the site: over https or not, where the bridge itself is asked over http. */

/**
 * Set by the appliance's front where the caller came over TLS (appliance/front.ts), which takes it from everybody else. On
 * Cloudflare a caller may write it: it only ever makes cookies and headers stricter, and that caller's alone.
 */
const SCHEME_HEADER = 'bridge-scheme';

/** True when the browser sees the site over https: by the address, by what the front says, or by the Origin that it sends. */
export function isSeenOverHttps(request: Request, url: URL): boolean {
  if (url.protocol === 'https:' || request.headers.get(SCHEME_HEADER) === 'https') return true;
  const origin = URL.parse(request.headers.get('origin') ?? '');
  return origin?.protocol === 'https:' && origin.host === url.host;
}
