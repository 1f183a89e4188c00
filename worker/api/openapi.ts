/** The OpenAPI 3.1 document, made from the same schemas that check requests and answers: it cannot disagree with them. */
import * as z from 'zod';
import { type Endpoint, neededScope } from './endpoint.ts';

export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with `:parameters`. */
  readonly path: string;
  readonly endpoint: Endpoint;
}

type Json = { readonly [key: string]: unknown };

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: Json;
  readonly servers: readonly Json[];
  readonly security: readonly Json[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: Json;
}

const problemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457. `errors` names the fields at fault.' });

/** The document for the given routes. */
export function openApiDocument(routes: readonly ApiRoute[]): OpenApiDocument {
  const schemas: Record<string, unknown> = {};
  const paths: Record<string, Record<string, Json>> = {};
  for (const { method, path, endpoint } of routes) {
    const template = path.replaceAll(/:(\w+)/g, '{$1}');
    const operations = paths[template] ?? {};
    operations[method.toLowerCase()] = operation(method, template, endpoint, schemas);
    paths[template] = operations;
  }
  toSchema(problemSchema, 'output', schemas);
  return {
    openapi: '3.1.0',
    info: {
      title: 'ACD to WFM bridge',
      version: '1',
      description:
        'Instants are ISO 8601 with their offset; durations are milliseconds. Errors are problems as RFC 9457 has them. Unknown parameters and fields are refused.',
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    tags: [...new Set(routes.map(({ endpoint }) => endpoint.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'A token of the Access page, of the scope that the operation names, or the API_TOKEN of the deployment.',
        },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-session', description: "A signed-in browser's cookie." },
      },
      schemas,
    },
  };
}

function operation(method: string, template: string, endpoint: Endpoint, schemas: Record<string, unknown>): Json {
  const good: Json =
    endpoint.status === 204
      ? { description: 'Done.' }
      : {
          description: endpoint.summary,
          content: {
            'application/json': { schema: toSchema(endpoint.answer, 'output', schemas) },
            ...(endpoint.hasCsv && { 'text/csv': { schema: { type: 'string' } } }),
          },
        };
  const problems = {
    400: 'The request is not valid; nothing was changed.',
    401: 'Not signed in.',
    403: 'The token is of another scope, or the request is not from a page of this site.',
    ...(template.includes('{') && { 404: 'There is no such thing.' }),
    ...endpoint.problems,
  };
  return {
    operationId: operationId(method, template),
    tags: [endpoint.tag],
    summary: endpoint.summary,
    description: [endpoint.description, `Token scope: ${neededScope(method, endpoint.scope)}.`]
      .filter(Boolean)
      .join(' '),
    parameters: [
      ...parameters('path', endpoint.params, schemas),
      ...(endpoint.query ? parameters('query', endpoint.query, schemas) : []),
    ],
    ...(endpoint.body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: toSchema(endpoint.body, 'input', schemas) } },
      },
    }),
    responses: {
      [endpoint.status]: good,
      ...Object.fromEntries(
        Object.entries(problems).map(([status, description]) => [
          status,
          {
            description,
            content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
          },
        ]),
      ),
    },
  };
}

function operationId(method: string, template: string): string {
  const words = template.replace('/api/v1/', '').split('/');
  const names = words.map((word) =>
    word.replaceAll(/[{}]/g, '').replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
  );
  return [method.toLowerCase(), ...names.map((name) => name.charAt(0).toUpperCase() + name.slice(1))].join('');
}

function parameters(place: 'path' | 'query', schema: z.ZodType, schemas: Record<string, unknown>): Json[] {
  const object = toSchema(schema, 'input', schemas);
  const properties = (object.properties ?? {}) as Record<string, Json>;
  const required = new Set((object.required ?? []) as string[]);
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.has(name),
    ...(description !== undefined && { description }),
    schema: rest,
  }));
}

/** A schema as JSON Schema; the named ones go to `schemas` and are referred to. */
function toSchema(schema: z.ZodType, io: 'input' | 'output', schemas: Record<string, unknown>): Json {
  const {
    $schema: _,
    $defs,
    ...rest
  } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // The calendar in zod's pattern for instants says no more than the format does.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  for (const [name, definition] of Object.entries($defs ?? {})) schemas[name] = withReferences(definition);
  return withReferences(rest) as Json;
}

function withReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      if (key === 'id') return typeof item === 'string' ? [] : [[key, withReferences(item)]];
      if (key === '$ref' && typeof item === 'string') return [[key, item.replace('#/$defs/', '#/components/schemas/')]];
      return [[key, withReferences(item)]];
    }),
  );
}
