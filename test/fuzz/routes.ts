// Requests for every route of the Worker: the API's from its own OpenAPI document, the pages' from the router's page and
// from the forms that they show. A route that is added is fuzzed without a word here.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import * as z from 'zod';
import { jsonText, oddValue } from './hostile.ts';
import { valuesOf } from './schema-values.ts';

const root = path.resolve(import.meta.dirname, '../..');

export interface FuzzedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Who asks: the API token, the administrator, or nobody. */
  readonly as: 'token' | 'administrator' | 'nobody';
}

const operationSchema = z.looseObject({
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string(), schema: z.unknown() })).optional(),
  requestBody: z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.unknown() })) }).optional(),
});
export const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()).optional() }),
});

/** "@0" stands for the first connection that there is; the others of its rows begin at 1. */
const IDS = ['@0', '@0', '@0', '@1', '1', '1', '2', '9'];
const ODD_SEGMENTS = [
  '0',
  '-1',
  '1e3',
  '1.5',
  '99999999999999999999',
  '%00',
  '..',
  '%2e%2e',
  '%2F',
  'NaN',
  '%F0%9F',
  '%ff',
  "1'",
  '１',
  '',
  ' ',
  '2026-11-22',
  '2026-11-22T10:00:00Z',
  'agent-states',
  '%3Cscript%3E',
  'x'.repeat(3_000),
];
const segment = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...IDS) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_SEGMENTS) },
);

const CONTENT_TYPES = [
  'application/json',
  'application/x-www-form-urlencoded',
  'text/csv',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  '',
];
const oddHeaders = fc.dictionary(
  fc.constantFrom(
    'accept',
    'if-match',
    'if-none-match',
    'range',
    'x-forwarded-for',
    'hx-request',
    'cookie',
    'cf-access-jwt-assertion',
    'content-encoding',
    'accept-language',
    'origin',
    'referer',
    'sec-fetch-site',
  ),
  fc.constantFrom(
    '',
    '*',
    '"1"',
    'W/"1"',
    'text/csv',
    'bytes=0-',
    'null',
    'https://evil.example',
    'gzip',
    'eyJhbGciOiJub25lIn0.e30.',
    'a=b; __Host-session=x',
    'cross-site',
    '\u00e9',
    'x'.repeat(2_000),
  ),
  { maxKeys: 2 },
);

function queryOf(entries: readonly (readonly [string, unknown])[]): string {
  const query = new URLSearchParams();
  for (const [name, value] of entries)
    if (value !== undefined)
      query.append(name, typeof value === 'object' ? JSON.stringify(value) : String(value).toWellFormed());
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

const fill = (template: string, segments: readonly string[]) => {
  let at = 0;
  return template.replaceAll(/\{\w+\}|:\w+/g, () => segments[at++] ?? '1');
};

/** Every operation of the API. */
export function apiRequests(document: z.output<typeof documentSchema>): fc.Arbitrary<FuzzedRequest>[] {
  const definitions = document.components.schemas ?? {};
  return Object.entries(document.paths).flatMap(([template, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      const query = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
      const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
      const body = schema === undefined ? fc.constant(undefined) : valuesOf(schema, definitions);
      return fc
        .record({
          segments: fc.array(segment, { minLength: 3, maxLength: 3 }),
          query: fc.tuple(
            ...query.map(({ name, schema: part }) =>
              fc.option(
                valuesOf(part, definitions).map((value): [string, unknown] => [name, value]),
                { freq: 3 },
              ),
            ),
          ),
          more: fc.option(fc.tuple(fc.constantFrom('cursor', 'limit', 'x', '__proto__'), oddValue), { freq: 8 }),
          body,
          type: fc.oneof(
            { weight: 12, arbitrary: fc.constant('application/json') },
            { weight: 1, arbitrary: fc.constantFrom(...CONTENT_TYPES) },
          ),
          headers: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: oddHeaders }),
          as: fc.oneof(
            { weight: 12, arbitrary: fc.constant('token' as const) },
            { weight: 2, arbitrary: fc.constantFrom('administrator' as const, 'nobody' as const) },
          ),
        })
        .map(
          ({ segments, query: entries, more, body: value, type, headers, as }): FuzzedRequest => ({
            method: method.toUpperCase(),
            target:
              fill(template, segments) +
              queryOf([...entries.filter((entry) => entry !== null), ...(more === null ? [] : [more])]),
            headers: value === undefined ? headers : { ...headers, 'content-type': type },
            body: value === undefined ? null : jsonText(value),
            as,
          }),
        );
    }),
  );
}

/** The addresses and methods of the pages, as the router names them. */
export function pageRoutes(): { method: string; template: string }[] {
  const source = readFileSync(path.join(root, 'worker/router.ts'), 'utf8');
  return [...source.matchAll(/\.(get|post|put|delete|patch)\(\s*['"`](\/[^'"`]*)['"`]/g)].map(
    ([, method = 'get', template = '/']) => ({
      method: method.toUpperCase(),
      template,
    }),
  );
}

export interface Form {
  readonly action: string;
  readonly method: string;
  readonly fields: readonly { readonly name: string; readonly values: readonly string[] }[];
}

/** The forms of a page, with the values that they offer. */
export function formsOf(html: string, target: string): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, attributes = '', inner = '']) => {
    const attribute = (text: string, name: string) =>
      unescaped(new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? '');
    const fields = new Map<string, string[]>();
    for (const [tag] of inner.matchAll(/<(?:input|select|textarea|button)\b[^>]*>/g)) {
      const name = attribute(tag, 'name');
      if (name !== '') fields.set(name, [...(fields.get(name) ?? []), attribute(tag, 'value')]);
    }
    for (const [, value = ''] of inner.matchAll(/<option\b[^>]*\bvalue="([^"]*)"/g))
      fields.set('option', [...(fields.get('option') ?? []), unescaped(value)]);
    return {
      action: attribute(attributes, 'action') || target,
      method: (attribute(attributes, 'method') || 'get').toUpperCase(),
      fields: [...fields].map(([name, values]) => ({ name, values })),
    };
  });
}

const unescaped = (text: string) =>
  text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&#39;', "'").replaceAll('&amp;', '&');

const oddText = oddValue.map((value) =>
  (typeof value === 'string' ? value : String(JSON.stringify(value))).toWellFormed(),
);

/** Every page by its address, and every form that was found on one. */
export function pageRequests(forms: readonly Form[]): fc.Arbitrary<FuzzedRequest>[] {
  const as = fc.oneof(
    { weight: 9, arbitrary: fc.constant('administrator' as const) },
    { weight: 1, arbitrary: fc.constantFrom('token' as const, 'nobody' as const) },
  );
  const headers = fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: oddHeaders });
  const byAddress = pageRoutes().map(({ method, template }) =>
    fc
      .record({
        segments: fc.array(segment, { minLength: 3, maxLength: 3 }),
        fields: fc.array(
          fc.tuple(
            fc.constantFrom(
              'from',
              'to',
              'day',
              'q',
              'page',
              'cursor',
              'connection',
              'notice',
              'status',
              'next',
              'password',
              'name',
              'csv',
              'kind',
              'version',
            ),
            oddText,
          ),
          { maxLength: 4 },
        ),
        type: fc.oneof(
          { weight: 8, arbitrary: fc.constant('application/x-www-form-urlencoded') },
          { weight: 1, arbitrary: fc.constantFrom(...CONTENT_TYPES) },
        ),
        headers,
        as,
      })
      .map(
        ({ segments, fields, type, headers: more, as: who }): FuzzedRequest => ({
          method,
          target: fill(template, segments) + (method === 'GET' ? queryOf(fields) : ''),
          headers: method === 'GET' ? more : { ...more, 'content-type': type },
          body: method === 'GET' ? null : queryOf(fields).slice(1),
          as: who,
        }),
      ),
  );
  const byForm = forms.map((form) =>
    fc
      .record({
        values: fc.tuple(
          ...form.fields.map(({ name, values }) =>
            fc.oneof(
              {
                weight: 7,
                arbitrary: fc
                  .constantFrom(...values, values[0] ?? '')
                  .map((value): [string, string] | null => [name, value]),
              },
              { weight: 2, arbitrary: oddText.map((value): [string, string] | null => [name, value]) },
              { weight: 1, arbitrary: fc.constant(null) },
            ),
          ),
        ),
        headers,
        as,
      })
      .map(({ values, headers: more, as: who }): FuzzedRequest => {
        const text = queryOf(values.filter((entry) => entry !== null));
        const isGet = form.method === 'GET';
        return {
          method: form.method,
          target: isGet ? form.action.split('?')[0] + text : form.action,
          headers: isGet ? more : { ...more, 'content-type': 'application/x-www-form-urlencoded' },
          body: isGet ? null : text.slice(1),
          as: who,
        };
      }),
  );
  return [...byAddress, ...byForm];
}
