/** Making an API token, the same for page and API. */
import * as z from 'zod';
import { addApiToken, countApiTokens, TOKEN_SCOPES, type TokenScope } from '../src/store/api-tokens.ts';
import type { App } from './app.ts';
import { newToken } from './auth/token.ts';

/** More than anybody can keep apart. */
const TOKENS_MAX = 100;

export const newTokenSchema = z.strictObject({
  name: z.string().trim().min(1, 'Enter a name.').max(60, 'A name has at most 60 characters.'),
  scope: z.enum(TOKEN_SCOPES, 'Choose what the token may do.'),
});

/** A new token with the only sight of it; null when there are as many as there may be. */
export async function makeToken(
  app: App,
  wanted: { name: string; scope: TokenScope },
  who: { nowMs: number; by: string },
): Promise<{ id: number; token: string; hint: string } | null> {
  if ((await countApiTokens(app.db)) >= TOKENS_MAX) return null;
  const { token, sha256, hint } = await newToken();
  const id = await addApiToken(app.db, { ...wanted, sha256, hint, ...who });
  return { id, token, hint };
}

export const TOO_MANY_TOKENS = `There are ${TOKENS_MAX} tokens already. Revoke those that nobody uses.`;
