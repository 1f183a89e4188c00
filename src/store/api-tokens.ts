/** Tokens for the API: only their digests are stored, so that the database gives none away. */
import { recordAudit, recordAuditIfChanged } from './audit.ts';

/** What a token may do: read everything; push and import and nothing else; everything. */
export const TOKEN_SCOPES = ['read', 'push', 'all'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

export interface ApiTokenRow {
  readonly id: number;
  readonly name: string;
  readonly scope: TokenScope;
  /** The token's first characters. */
  readonly hint: string;
  readonly createdAtMs: number;
  readonly createdBy: string;
  /** To the hour; null: never. */
  readonly lastUsedAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly revokedBy: string | null;
}

/** The use of a token is noted at most so often: an index of when, not a log. */
const USE_NOTED_EVERY_MS = 3_600_000;

const COLUMNS = `id, name, scope, hint, created_at_ms AS createdAtMs, created_by AS createdBy,
  last_used_at_ms AS lastUsedAtMs, revoked_at_ms AS revokedAtMs, revoked_by AS revokedBy`;

/** All tokens, those that work first, newest first. */
export async function listApiTokens(db: D1Database): Promise<ApiTokenRow[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM api_token ORDER BY revoked_at_ms IS NOT NULL, id DESC LIMIT 500`)
    .all<ApiTokenRow>();
  return results;
}

/** The token with this digest (hexadecimal SHA-256) when it works; notes its use, at most once an hour. */
export async function findApiToken(
  db: D1Database,
  sha256: string,
  nowMs: number,
): Promise<Pick<ApiTokenRow, 'id' | 'name' | 'scope'> | null> {
  const token = await db
    .prepare(`SELECT ${COLUMNS} FROM api_token WHERE sha256 = ?1 AND revoked_at_ms IS NULL`)
    .bind(sha256)
    .first<ApiTokenRow>();
  if (token && (token.lastUsedAtMs === null || nowMs - token.lastUsedAtMs >= USE_NOTED_EVERY_MS)) {
    await db.prepare('UPDATE api_token SET last_used_at_ms = ?2 WHERE id = ?1').bind(token.id, nowMs).run();
  }
  return token;
}

/** Stores a token's digest. Throws when another token has the same one. Returns the new token's id. */
export async function addApiToken(
  db: D1Database,
  token: { name: string; scope: TokenScope; sha256: string; hint: string; nowMs: number; by: string },
): Promise<number> {
  const { name, scope, sha256, hint, nowMs, by } = token;
  const detail = `Token "${name}" (${hint}…) of scope ${scope}.`;
  const [inserted] = await db.batch<{ id: number }>([
    db
      .prepare(
        `INSERT INTO api_token (name, scope, sha256, hint, created_at_ms, created_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id`,
      )
      .bind(name, scope, sha256, hint, nowMs, by),
    recordAudit(db, { by, atMs: nowMs, action: 'token created', connectionId: null, detail }),
  ]);
  const row = inserted?.results[0];
  if (!row) throw new Error('The database did not give the new token an id.');
  return row.id;
}

/** How many tokens work. */
export async function countApiTokens(db: D1Database): Promise<number> {
  const row = await db
    .prepare('SELECT count(*) AS count FROM api_token WHERE revoked_at_ms IS NULL')
    .first<{ count: number }>();
  return row?.count ?? 0;
}

/** Ends a token for good. Says whether there was one that worked. */
export async function revokeApiToken(
  db: D1Database,
  { id, nowMs, by }: { id: number; nowMs: number; by: string },
): Promise<boolean> {
  const token = await db.prepare(`SELECT ${COLUMNS} FROM api_token WHERE id = ?1`).bind(id).first<ApiTokenRow>();
  if (!token) return false;
  const detail = `Token "${token.name}" (${token.hint}…).`;
  const [revoked] = await db.batch([
    db
      .prepare('UPDATE api_token SET revoked_at_ms = ?2, revoked_by = ?3 WHERE id = ?1 AND revoked_at_ms IS NULL')
      .bind(id, nowMs, by),
    recordAuditIfChanged(db, { by, atMs: nowMs, action: 'token revoked', connectionId: null, detail }),
  ]);
  return (revoked?.meta.changes ?? 0) > 0;
}
