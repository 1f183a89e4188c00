// Everything that the bridge has answered, kept byte for byte with its headers, to be searched.
import { api, signIn } from './bridge.ts';
import { DEPLOYMENT } from './canaries.ts';
import { type Place, unpacked } from './search.ts';

export interface Kept {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export class Answers {
  readonly url: string;
  readonly #places: Place[] = [];
  #cookie = '';

  constructor(url: string) {
    this.url = url;
  }

  get places(): readonly Place[] {
    return this.#places;
  }

  add(name: string, content: Buffer | string): void {
    this.#places.push(...unpacked({ name, content: Buffer.from(content) }));
  }

  /** The administrator's cookie as it is now. The first call signs in. */
  async cookie(): Promise<string> {
    if (this.#cookie === '') this.#cookie = await signIn(this.url, DEPLOYMENT.ADMIN_PASSWORD);
    return this.#cookie;
  }

  /** Keeps an answer of the site to whoever sent the request. */
  async keep(name: string, response: Response): Promise<Kept> {
    const { status, headers } = response;
    const bytes = Buffer.from(await response.arrayBuffer());
    this.add(`${name} headers`, JSON.stringify([...headers]));
    this.add(name, bytes);
    return { status, headers, text: bytes.toString('utf8') };
  }

  /** A page as the administrator sees it. */
  async page(target: string): Promise<Kept> {
    const headers = { cookie: await this.cookie() };
    return this.keep(`GET ${target}`, await fetch(`${this.url}${target}`, { headers, redirect: 'manual' }));
  }

  /** A form as the administrator sends it; where it leads to is looked at, too. */
  async send(target: string, body: URLSearchParams | FormData): Promise<Kept> {
    const headers = { cookie: await this.cookie(), origin: this.url };
    const init = { method: 'POST', headers, redirect: 'manual', body } as const;
    const kept = await this.keep(`POST ${target}`, await fetch(`${this.url}${target}`, init));
    const location = kept.headers.get('location');
    if (location !== null) await this.page(location);
    return kept;
  }

  /** A call of the API with the deployment's token. */
  async call(method: string, target: string, body?: unknown): Promise<Kept> {
    const answer = await api(this.url, method, target, body);
    this.add(`${method} ${target}`, `${JSON.stringify([...answer.headers])}\n${answer.text}`);
    return answer;
  }
}

/** The fields of a form on a page as a browser would send them, with changes. */
export function fieldsOf(html: string, action: string, changes: Readonly<Record<string, string>>): URLSearchParams {
  const form = new RegExp(`<form[^>]*action="${action}"[^>]*>(.*?)</form>`, 's').exec(html)?.[1];
  if (form === undefined) throw new Error(`The page has no form that goes to ${action}.`);
  const fields = new URLSearchParams();
  for (const [, attributes = ''] of form.matchAll(/<input([^>]*)>/g)) {
    const isOff = /type="(?:checkbox|radio)"/.test(attributes) && !/\bchecked\b/.test(attributes);
    const name = attributeOf(attributes, 'name');
    if (name !== '' && !isOff && !attributes.includes('type="password"')) {
      fields.set(name, attributeOf(attributes, 'value'));
    }
  }
  for (const [, attributes = '', options = ''] of form.matchAll(/<select([^>]*)>(.*?)<\/select>/gs)) {
    const all = [...options.matchAll(/<option([^>]*)>/g)].map(([, option = '']) => option);
    const chosen = all.find((option) => /\bselected\b/.test(option)) ?? all[0] ?? '';
    fields.set(attributeOf(attributes, 'name'), attributeOf(chosen, 'value'));
  }
  for (const [, attributes = '', text = ''] of form.matchAll(/<textarea([^>]*)>(.*?)<\/textarea>/gs)) {
    fields.set(attributeOf(attributes, 'name'), plain(text));
  }
  for (const [name, value] of Object.entries(changes)) fields.set(name, value);
  return fields;
}

function attributeOf(attributes: string, name: string): string {
  return plain(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '');
}

function plain(html: string): string {
  return html.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
