// Values made from JSON Schemas: mostly what the schema asks for, sometimes what it forbids.
import fc from 'fast-check';
import * as z from 'zod';
import { oddValue } from './hostile.ts';

const looseSchema = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});

const DEPTH_MAX = 8;
const INSTANTS = [
  '2026-11-22T00:00:00Z',
  '2026-11-22T12:15:00+05:45',
  '1970-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '2026-02-30T00:00:00Z',
  '0000-01-01T00:00:00Z',
];
const WORDS = [
  'Acme',
  'America/Chicago',
  'UTC',
  'Mars/Base',
  'https://ncc.example.com/wfm',
  'https://127.0.0.1/',
  'http://[::1]',
  'https://na1.nice-incontact.com',
  'wfm@example.com',
  '/realTime',
  '1',
  '=1+1',
  'a,b\n"c"',
  'user,state\nx,y',
];

/** Values for a schema of the document. `definitions`: its components, by name. */
export function valuesOf(
  schema: unknown,
  definitions: Readonly<Record<string, unknown>>,
  depth = 0,
): fc.Arbitrary<unknown> {
  const parsed = looseSchema.safeParse(schema);
  if (!parsed.success || depth > DEPTH_MAX) return oddValue;
  const right = rightValues(parsed.data, definitions, depth);
  return fc.oneof({ weight: 11, arbitrary: right }, { weight: 1, arbitrary: oddValue });
}

function rightValues(
  schema: z.output<typeof looseSchema>,
  definitions: Readonly<Record<string, unknown>>,
  depth: number,
): fc.Arbitrary<unknown> {
  const inner = (part: unknown) => valuesOf(part, definitions, depth + 1);
  if (schema.$ref !== undefined) return inner(definitions[schema.$ref.split('/').at(-1) ?? '']);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined && schema.enum.length > 0) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices !== undefined && choices.length > 0) return fc.oneof(...choices.map(inner));
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return objects(schema, inner);
    case 'array':
      return fc.array(inner(schema.items), { maxLength: 4 });
    case 'integer':
      return fc.integer({ min: Math.max(schema.minimum ?? -5, -1e9), max: Math.min(schema.maximum ?? 50, 1e9) });
    case 'number':
      return fc.double({
        min: Math.max(schema.minimum ?? -5, -1e9),
        max: Math.min(schema.maximum ?? 50, 1e9),
        noNaN: true,
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return schema.format === 'date-time' ? fc.constantFrom(...INSTANTS) : fc.constantFrom(...WORDS);
  }
}

function objects(
  schema: z.output<typeof looseSchema>,
  inner: (part: unknown) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, part]) => [name, inner(part)]),
  );
  const whole = fc.record(properties, { requiredKeys: schema.required ?? [] });
  const extra = fc.dictionary(fc.constantFrom('__proto__', 'extra', 'id'), oddValue, { maxKeys: 1 });
  return fc.oneof(
    { weight: 9, arbitrary: whole },
    { weight: 1, arbitrary: fc.tuple(whole, extra).map(([a, b]) => ({ ...b, ...a })) },
  );
}
