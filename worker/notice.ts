/** What a page says after a change, by the word in its address (`?notice=saved`). */

/** The notice that the address asks for; undefined when there is none of that name, whatever the name is. */
export function noticeOf(notices: Readonly<Record<string, string>>, url: URL): string | undefined {
  const name = url.searchParams.get('notice') ?? '';
  return Object.hasOwn(notices, name) ? notices[name] : undefined;
}
