-- Past facts out of files, and alerts.

-- A file of past facts. Until somebody confirms it, it is held here and nowhere else; unconfirmed ones go after a day.
CREATE TABLE import (
  id             INTEGER PRIMARY KEY,
  connection_id  INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  kind           TEXT    NOT NULL CHECK (kind IN ('intervals', 'state-changes')),
  file_name      TEXT    NOT NULL,
  sha256         TEXT    NOT NULL,             -- of the file, hexadecimal
  status         TEXT    NOT NULL CHECK (status IN ('read', 'waiting', 'running', 'done', 'cancelled')),
  from_ms        INTEGER,                      -- first and last instant that a row speaks of; NULL: no good row
  to_ms          INTEGER,
  row_count      INTEGER NOT NULL,             -- rows of the file that could be read
  refused_count  INTEGER NOT NULL,             -- rows left out, each with a reason
  refused        TEXT    NOT NULL CHECK (json_valid(refused)),  -- [[line, reason], …], the first ones
  remarks        TEXT    NOT NULL CHECK (json_valid(remarks)),  -- sentences about the file as a whole
  -- What storing it would change, as of when it was read; what it did change, once it is stored.
  new_count      INTEGER NOT NULL,
  changed_count  INTEGER NOT NULL,
  same_count     INTEGER NOT NULL,
  part_count     INTEGER NOT NULL,
  next_part      INTEGER NOT NULL DEFAULT 0,   -- parts before it are stored
  error          TEXT    NOT NULL DEFAULT '',
  created_by     TEXT    NOT NULL,
  created_at_ms  INTEGER NOT NULL,
  updated_at_ms  INTEGER NOT NULL,
  finished_at_ms INTEGER
) STRICT;
CREATE INDEX import_by_connection ON import (connection_id, id);
CREATE INDEX import_open ON import (connection_id, id) WHERE status IN ('waiting', 'running');

-- The rows of a file, in the bridge's own form, in parts that are stored one at a time. They go when the import is over.
CREATE TABLE import_part (
  import_id INTEGER NOT NULL REFERENCES import (id) ON DELETE CASCADE,
  part      INTEGER NOT NULL,  -- from 0
  rows      TEXT    NOT NULL CHECK (json_valid(rows)),
  PRIMARY KEY (import_id, part)
) STRICT, WITHOUT ROWID;

-- State changes that came from a file: such a one may be replaced by another file, an observed one never.
CREATE TABLE imported_state_change (
  agent_id INTEGER NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
  at_ms    INTEGER NOT NULL,
  PRIMARY KEY (agent_id, at_ms)
) STRICT, WITHOUT ROWID;

-- Intervals for which a file told what agents did: their times are known although the bridge did not look.
CREATE TABLE imported_state_interval (
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  start_ms      INTEGER NOT NULL CHECK (start_ms % 900000 = 0),
  PRIMARY KEY (connection_id, start_ms)
) STRICT, WITHOUT ROWID;

-- Where alerts go. Addresses of Slack and Teams let anybody post who knows them: they are sealed like passwords.
CREATE TABLE alert_channel (
  id             INTEGER PRIMARY KEY,
  name           TEXT    NOT NULL UNIQUE,
  kind           TEXT    NOT NULL CHECK (kind IN ('slack', 'teams', 'webhook')),
  address_sealed TEXT    NOT NULL,
  host           TEXT    NOT NULL,             -- of the address: all of it that is ever shown
  secret_sealed  TEXT,                         -- webhook: signs what is sent
  enabled        INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  sent_at_ms     INTEGER,                      -- last message that was taken
  failures       INTEGER NOT NULL DEFAULT 0,   -- in a row
  error          TEXT    NOT NULL DEFAULT '',
  created_by     TEXT    NOT NULL,
  created_at_ms  INTEGER NOT NULL
) STRICT;

-- What gives cause for an alert.
CREATE TABLE alert_rule (
  id            INTEGER PRIMARY KEY,
  connection_id INTEGER REFERENCES connection (id) ON DELETE CASCADE,  -- NULL: every connection
  kind          TEXT    NOT NULL CHECK (kind IN ('stale', 'waiting', 'sign-in', 'gap')),
  threshold     INTEGER NOT NULL CHECK (threshold >= 0),  -- stale, gap: minutes; waiting: records; sign-in: 0
  enabled       INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  created_by    TEXT    NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;

-- A cause that was found. One row from when it begins to hold until it is solved: each is told once.
CREATE TABLE alert (
  id            INTEGER PRIMARY KEY,
  rule_id       INTEGER NOT NULL,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  kind          TEXT    NOT NULL,
  message       TEXT    NOT NULL,              -- a sentence
  opened_at_ms  INTEGER NOT NULL,
  solved_at_ms  INTEGER
) STRICT;
CREATE UNIQUE INDEX alert_open ON alert (rule_id, connection_id) WHERE solved_at_ms IS NULL;
CREATE INDEX alert_by_connection ON alert (connection_id, id);

-- Messages on their way: one per alert, occasion and channel.
CREATE TABLE alert_message (
  alert_id   INTEGER NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
  occasion   TEXT    NOT NULL CHECK (occasion IN ('opened', 'solved')),
  channel_id INTEGER NOT NULL REFERENCES alert_channel (id) ON DELETE CASCADE,
  attempts   INTEGER NOT NULL DEFAULT 0,
  retry_at_ms INTEGER NOT NULL DEFAULT 0,
  sent_at_ms INTEGER,
  PRIMARY KEY (alert_id, occasion, channel_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_message_due ON alert_message (retry_at_ms) WHERE sent_at_ms IS NULL;

-- Time in which nobody is to be woken. Collecting goes on.
CREATE TABLE maintenance (
  id            INTEGER PRIMARY KEY,
  connection_id INTEGER REFERENCES connection (id) ON DELETE CASCADE,  -- NULL: every connection
  from_ms       INTEGER NOT NULL,
  to_ms         INTEGER NOT NULL CHECK (to_ms > from_ms),
  note          TEXT    NOT NULL DEFAULT '',
  created_by    TEXT    NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX maintenance_by_end ON maintenance (to_ms);
