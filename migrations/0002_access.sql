-- Who may ask, and who changed what.

-- Every change by a person or a script: who, when, what. Outlives the connection that it speaks of.
CREATE TABLE audit (
  id            INTEGER PRIMARY KEY,
  at_ms         INTEGER NOT NULL,
  by            TEXT    NOT NULL,           -- as the diary names them: the administrator, an e-mail address, a token
  action        TEXT    NOT NULL,           -- a few words, the same for the same kind of change: "settings changed"
  connection_id INTEGER,                    -- NULL: about no single connection
  detail        TEXT    NOT NULL DEFAULT '' -- a sentence of facts; never a secret
) STRICT;

-- Tokens for the API, made on the Access page. The token itself is shown once and not kept.
CREATE TABLE api_token (
  id              INTEGER PRIMARY KEY,
  name            TEXT    NOT NULL,
  scope           TEXT    NOT NULL CHECK (scope IN ('read', 'push', 'all')),
  sha256          TEXT    NOT NULL UNIQUE,  -- of the token, hexadecimal
  hint            TEXT    NOT NULL,         -- the token's first characters, to tell tokens apart
  created_at_ms   INTEGER NOT NULL,
  created_by      TEXT    NOT NULL,
  last_used_at_ms INTEGER,                  -- to the hour: written at most once an hour
  revoked_at_ms   INTEGER,
  revoked_by      TEXT
) STRICT;

-- Sessions of the administrator, so that they can be seen and ended. A cookie names one.
CREATE TABLE session (
  id          TEXT    PRIMARY KEY,       -- random; the cookie's signature makes it worth something
  began_at_ms INTEGER NOT NULL,
  seen_at_ms  INTEGER NOT NULL,          -- to five minutes: written when the cookie is renewed
  address     TEXT    NOT NULL,          -- where it began
  browser     TEXT    NOT NULL,          -- as the browser calls itself, cut
  ended_at_ms INTEGER
) STRICT, WITHOUT ROWID;

-- Steps of the set-up that only a person can know to be done, ticked on the page.
CREATE TABLE setup_tick (
  step     TEXT    PRIMARY KEY,  -- src/domain/setup.ts
  at_ms    INTEGER NOT NULL,
  by       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
