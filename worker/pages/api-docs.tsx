/** The API's documentation, read from the OpenAPI document: no script, nothing from elsewhere. */
import type { OpenApiDocument } from '../api/openapi.ts';
import type { Identity } from '../app.ts';
import { Layout } from './layout.tsx';
import { Scroll } from './ui/scroll.tsx';

type Json = { readonly [key: string]: unknown };

export function ApiDocsPage({ document, identity }: { document: OpenApiDocument; identity: Identity | null }) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const schemas = Object.entries(object(document.components.schemas));
  return (
    <Layout title="API" identity={identity} section="api">
      <div class="page-head">
        <div>
          <h1>API</h1>
          <p class="quiet">
            Version 1, under <code>/api/v1</code>. <a href="/api/openapi.json">OpenAPI 3.1 document</a>
          </p>
        </div>
      </div>
      <div class="docs">
        <nav class="card contents" aria-label="Contents">
          {document.tags.map(({ name }) => (
            <>
              <h2>{name}</h2>
              <ul>
                {operations
                  .filter(({ operation }) => tagOf(operation) === name)
                  .map((item) => (
                    <li>
                      <a href={`#${text(item.operation.operationId)}`}>{text(item.operation.summary)}</a>
                    </li>
                  ))}
              </ul>
            </>
          ))}
        </nav>
        <div>
          <section class="card">
            <h2>Signing in</h2>
            <p>
              Make a token on the page <a href="/access">Access</a>, with no more scope than it needs, and send it:
            </p>
            <pre>
              <code>curl -H "authorization: Bearer $TOKEN" https://…/api/v1/status</code>
            </pre>
            <p>
              Every operation names the scope it needs; a token of scope all may do everything, and so may the
              deployment's <code>API_TOKEN</code>.
            </p>
            <p>{text(document.info.description)}</p>
          </section>
          {operations.map((item) => (
            <Operation {...item} />
          ))}
          <h2 id="schemas">Schemas</h2>
          {schemas.map(([name, schema]) => (
            <section class="card" id={`schema-${name}`}>
              <h3>{name}</h3>
              <Properties name={name} schema={object(schema)} />
            </section>
          ))}
        </div>
      </div>
    </Layout>
  );
}

function Operation({ path, method, operation }: { path: string; method: string; operation: Json }) {
  const parameters = list(operation.parameters);
  const body = schemaOf(operation.requestBody);
  const responses = Object.entries(object(operation.responses));
  return (
    <section class="card operation" id={text(operation.operationId)}>
      <h3>{text(operation.summary)}</h3>
      <p class="route">
        <span class={`method ${method}`}>{method.toUpperCase()}</span> <code>{path}</code>
      </p>
      {operation.description !== undefined && <p>{text(operation.description)}</p>}
      {parameters.length > 0 && (
        <Scroll label={`Parameters of ${text(operation.operationId)}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">Parameter</th>
                <th scope="col">Type</th>
                <th scope="col">Meaning</th>
              </tr>
            </thead>
            <tbody>
              {parameters.map((parameter) => (
                <tr>
                  <th scope="row">
                    <code>{text(parameter.name)}</code>
                    {parameter.required === true && <span class="quiet"> required</span>}
                  </th>
                  <td>{typeText(object(parameter.schema))}</td>
                  <td>
                    {text(parameter.description)}
                    {parameter.in === 'path' && 'In the path.'}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {body && (
        <p>
          Body: <SchemaName schema={body} />
        </p>
      )}
      <ul class="responses">
        {responses.map(([status, response]) => {
          const schema = schemaOf(response);
          return (
            <li>
              <strong>{status}</strong> {text(object(response).description)} {schema && <SchemaName schema={schema} />}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function SchemaName({ schema }: { schema: Json }) {
  const name = reference(schema);
  if (name) return <a href={`#schema-${name}`}>{name}</a>;
  if (schema.type === 'object' && schema.properties) {
    return (
      <code>
        {'{ '}
        {Object.entries(object(schema.properties)).map(([key, value], index) => (
          <>
            {index > 0 && ', '}
            {key}: <TypeName schema={object(value)} />
          </>
        ))}
        {' }'}
      </code>
    );
  }
  return <code>{typeText(schema)}</code>;
}

function TypeName({ schema }: { schema: Json }) {
  const item = schema.type === 'array' ? object(schema.items) : schema;
  const name = reference(item);
  const suffix = schema.type === 'array' ? '[]' : '';
  return name ? <a href={`#schema-${name}`}>{name + suffix}</a> : <span>{typeText(schema)}</span>;
}

function Properties({ name, schema }: { name: string; schema: Json }) {
  const rows = flatten(schema, '');
  return (
    <>
      {schema.description !== undefined && <p>{text(schema.description)}</p>}
      <Scroll label={`Fields of ${name}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Type</th>
              <th scope="col">Meaning</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, property, isRequired }) => (
              <tr>
                <th scope="row">
                  <code>{name}</code>
                  {!isRequired && <span class="quiet"> optional</span>}
                </th>
                <td>
                  <TypeName schema={property} />
                </td>
                <td>
                  {text(property.description)}
                  {property.default !== undefined && (
                    <span class="quiet">
                      {' '}
                      Default <code>{JSON.stringify(property.default)}</code>.
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

interface PropertyRow {
  readonly name: string;
  readonly property: Json;
  readonly isRequired: boolean;
}

/** The fields of an object schema with those of the objects inside it, by their dotted names. */
function flatten(schema: Json, prefix: string): PropertyRow[] {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries(object(schema.properties)).flatMap(([key, value]) => {
    const property = object(value);
    const name = `${prefix}${key}`;
    const isRequired = required.has(key);
    const only = list(property.oneOf);
    const inner = only.length === 1 && only[0] ? only[0] : property;
    if (inner.properties) return flatten(inner, `${name}.`);
    return [{ name, property, isRequired }];
  });
}

function typeText(schema: Json): string {
  const options = [...list(schema.anyOf), ...list(schema.oneOf)];
  if (options.length > 0) return options.map((option) => reference(option) ?? typeText(option)).join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(', ');
  if (schema.type === 'array') return `${typeText(object(schema.items))}[]`;
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : text(schema.type);
  const limits = [
    schema.minimum !== undefined && `from ${text(schema.minimum)}`,
    schema.maximum !== undefined && `to ${text(schema.maximum)}`,
    schema.maxLength !== undefined && `at most ${text(schema.maxLength)} characters`,
  ].filter(Boolean);
  return [schema.format === 'date-time' ? 'instant' : type || 'any', ...limits].join(' ');
}

function reference(schema: Json): string | null {
  const target = schema.$ref;
  return typeof target === 'string' ? (target.split('/').at(-1) ?? null) : null;
}

function schemaOf(part: unknown): Json | null {
  const content = Object.entries(object(object(part).content)).find(([type]) => type.endsWith('json'));
  return content ? object(object(content[1]).schema) : null;
}

function tagOf(operation: Json): unknown {
  return Array.isArray(operation.tags) ? operation.tags[0] : undefined;
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
