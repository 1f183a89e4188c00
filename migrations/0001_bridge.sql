-- The bridge's whole memory. Instants are UTC epoch milliseconds (`_ms`), durations milliseconds; booleans are 0 or 1.
-- WITHOUT ROWID where the natural key is the key: a row then costs one written row, not two.

-- One ACD tenant joined to one WFM tenant.
CREATE TABLE connection (
  id             INTEGER PRIMARY KEY,
  name           TEXT    NOT NULL UNIQUE,
  settings       TEXT    NOT NULL CHECK (json_valid(settings)),  -- src/connection-settings.ts, without secrets
  paused         INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
  -- Raised by every change of settings, credentials, roster or mapping: a running loop reloads when it sees a new one.
  config_version INTEGER NOT NULL DEFAULT 1,
  created_at_ms  INTEGER NOT NULL,
  updated_at_ms  INTEGER NOT NULL
) STRICT;

-- Secrets of a connection, AES-256-GCM, bound to connection and name. Never leave the database in clear.
CREATE TABLE credential (
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  name          TEXT    NOT NULL,  -- realTimePassword, historicalPassword, accessKeySecret
  sealed        TEXT    NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  PRIMARY KEY (connection_id, name)
) STRICT, WITHOUT ROWID;

-- Who may write for a connection: a new owner raises the epoch, and batches of older epochs change nothing.
CREATE TABLE lease (
  connection_id INTEGER PRIMARY KEY REFERENCES connection (id) ON DELETE CASCADE,
  epoch         INTEGER NOT NULL,
  claimed_at_ms INTEGER NOT NULL
) STRICT;

-- What is known of an account's sign-ins, so that a restart does not try refused credentials again.
CREATE TABLE sign_in (
  connection_id    INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  fingerprint      TEXT    NOT NULL,  -- of address, user name and secret; tells accounts apart and nothing else
  blocked_until_ms INTEGER NOT NULL DEFAULT 0,
  refused_count    INTEGER NOT NULL DEFAULT 0,
  refused_reason   TEXT    NOT NULL DEFAULT '',
  scheme           TEXT    NOT NULL DEFAULT '',  -- how the ACD wants its token: raw or Bearer; '' not known yet
  PRIMARY KEY (connection_id, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue (
  id                 INTEGER PRIMARY KEY,
  connection_id      INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  source_id          TEXT    NOT NULL,             -- the ACD's id
  alias_id           TEXT    NOT NULL DEFAULT '',  -- another id under which figures may name it
  name               TEXT    NOT NULL DEFAULT '',
  queue_value        TEXT,                         -- key in the WFM where it is not the ACD's id
  is_outbound        INTEGER NOT NULL DEFAULT 0 CHECK (is_outbound IN (0, 1)),
  short_pct          REAL CHECK (short_pct BETWEEN 0 AND 100),  -- own split at the service level; NULL: the connection's
  service_level_ms   INTEGER,
  included           INTEGER NOT NULL DEFAULT 1 CHECK (included IN (0, 1)),
  in_roster          INTEGER NOT NULL DEFAULT 0 CHECK (in_roster IN (0, 1)),  -- listed by the ACD, not only seen in figures
  first_seen_ms      INTEGER NOT NULL,
  removed_at_ms      INTEGER,                      -- when the roster first lacked it; history refers to it
  UNIQUE (connection_id, source_id)
) STRICT;

CREATE TABLE agent (
  id            INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  source_id     TEXT    NOT NULL,             -- the ACD's id, as real-time answers name the agent
  alias_id      TEXT    NOT NULL DEFAULT '',
  username      TEXT    NOT NULL DEFAULT '',  -- the ACD's sign-in name: the login id unless login_id is set
  name          TEXT    NOT NULL DEFAULT '',
  login_id      TEXT,                         -- ACD Login ID in CXone, where it is not the user name
  employee_id   TEXT    NOT NULL DEFAULT '',  -- CXone employee id
  included      INTEGER NOT NULL DEFAULT 1 CHECK (included IN (0, 1)),
  in_roster     INTEGER NOT NULL DEFAULT 0 CHECK (in_roster IN (0, 1)),
  first_seen_ms INTEGER NOT NULL,
  removed_at_ms INTEGER,
  -- State changes that wait for a login id: how many, and the first one's instant.
  held_count    INTEGER NOT NULL DEFAULT 0 CHECK (held_count >= 0),
  held_from_ms  INTEGER,
  UNIQUE (connection_id, source_id)
) STRICT;

-- Every state ever seen, with what it counts as and what the WFM is told.
CREATE TABLE acd_state (
  id            INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  name          TEXT    NOT NULL,
  reason        TEXT    NOT NULL DEFAULT '',
  class         TEXT    NOT NULL CHECK (class IN ('ready', 'contact', 'wrap-up', 'not ready', 'signed out')),
  event_code    TEXT,  -- NULL: the name
  reason_code   TEXT,  -- NULL: the reason
  reviewed      INTEGER NOT NULL DEFAULT 0 CHECK (reviewed IN (0, 1)),
  first_seen_ms INTEGER NOT NULL,
  last_seen_ms  INTEGER NOT NULL,
  seen_count    INTEGER NOT NULL DEFAULT 0,  -- state changes into it, counted when a window closes
  UNIQUE (connection_id, name, reason)
) STRICT;

-- An agent entering a state at an instant. The span that it closes is the row before it, so an agent's time line, a
-- window's activities and the agent's present state are each one range of this key. No further index: each would cost
-- a written row per change.
CREATE TABLE state_change (
  agent_id INTEGER NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
  at_ms    INTEGER NOT NULL,
  state_id INTEGER NOT NULL,  -- acd_state; 0: not observed, from here the bridge did not look until the next row
  since_ms INTEGER,           -- the source's own time of the change, where it gives one; 0: it is at_ms
  PRIMARY KEY (agent_id, at_ms)
) STRICT, WITHOUT ROWID;

-- What the polls saw, in order: one row per poll that brought changes, extended by each poll that brought none. It is
-- the log of the agent-states stream, the heartbeat of the loop and the proof of when the bridge was looking.
CREATE TABLE state_log (
  connection_id   INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  log_id          INTEGER NOT NULL,            -- counts up by one
  from_ms         INTEGER NOT NULL,            -- arrival of the answer that opened the row
  until_ms        INTEGER NOT NULL,            -- arrival of the last answer that brought nothing new
  gap_before_ms   INTEGER NOT NULL DEFAULT 0,  -- how long the bridge had not looked when the row was opened
  polls           INTEGER NOT NULL,
  read_count      INTEGER NOT NULL,            -- changes since collection began, this row's included
  change_count    INTEGER NOT NULL,
  changes         TEXT    NOT NULL,            -- [[agent id, at_ms, state id], …] in the order of delivery
  -- How far the WFM had accepted when the row was last written: in the newest row, the stream's cursor.
  cursor_log_id   INTEGER NOT NULL,            -- the row that holds the next change to send
  cursor_offset   INTEGER NOT NULL,            -- how many of that row's changes are done
  delivered_count INTEGER NOT NULL,
  set_aside_count INTEGER NOT NULL,
  accepted_at_ms  INTEGER,                     -- when the WFM last accepted state changes
  PRIMARY KEY (connection_id, log_id)
) STRICT, WITHOUT ROWID;

-- One kind of data read from the ACD: agent-states, intervals, roster.
CREATE TABLE feed (
  connection_id   INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  name            TEXT    NOT NULL CHECK (name IN ('agent-states', 'intervals', 'roster')),
  failures        INTEGER NOT NULL DEFAULT 0,  -- in a row; 0: the last try was good
  failing_since_ms INTEGER,
  retry_at_ms     INTEGER NOT NULL DEFAULT 0,
  success_at_ms   INTEGER,                     -- last good answer; agent-states: state_log knows it
  error           TEXT    NOT NULL DEFAULT '',
  error_kind      TEXT    NOT NULL DEFAULT '',
  -- agent-states: windows that end by here are closed, their activities derived. intervals: ledger reaches to here.
  through_ms      INTEGER,
  PRIMARY KEY (connection_id, name)
) STRICT, WITHOUT ROWID;

-- One kind of data sent to the WFM: agent-states, historical, agent-activity.
CREATE TABLE stream (
  connection_id    INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  name             TEXT    NOT NULL CHECK (name IN ('agent-states', 'historical', 'agent-activity')),
  failures         INTEGER NOT NULL DEFAULT 0,
  failing_since_ms INTEGER,
  retry_at_ms      INTEGER NOT NULL DEFAULT 0,
  success_at_ms    INTEGER,                     -- last acceptance; agent-states: state_log knows it
  error            TEXT    NOT NULL DEFAULT '',
  error_kind       TEXT    NOT NULL DEFAULT '',
  refused_in_a_row INTEGER NOT NULL DEFAULT 0,  -- records refused since the last acceptance
  -- Windowed streams only, a balance in records: read = delivered + set aside + waiting. agent-states: state_log has it.
  read_count       INTEGER NOT NULL DEFAULT 0,
  delivered_count  INTEGER NOT NULL DEFAULT 0,
  set_aside_count  INTEGER NOT NULL DEFAULT 0,
  -- agent-states after an outage: changes up to here are history, sent at a limited rate beside the live ones.
  catch_up_log_id  INTEGER,                     -- last row of the history
  live_log_id      INTEGER,                     -- cursor of the live changes beyond it
  live_offset      INTEGER,
  live_delivered   INTEGER NOT NULL DEFAULT 0,  -- live changes done beyond catch_up_log_id
  PRIMARY KEY (connection_id, name)
) STRICT, WITHOUT ROWID;

-- What one queue did in one interval, as last read. Sums over the interval.
CREATE TABLE queue_interval (
  connection_id  INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  start_ms       INTEGER NOT NULL CHECK (start_ms % 900000 = 0),
  queue_id       INTEGER NOT NULL,
  offered        INTEGER NOT NULL CHECK (offered >= 0),
  abandoned      INTEGER NOT NULL CHECK (abandoned >= 0),
  handle_time_ms INTEGER NOT NULL CHECK (handle_time_ms >= 0),
  inferred       INTEGER NOT NULL DEFAULT 0 CHECK (inferred IN (0, 1)),  -- zeros for a queue that a good answer left out
  revision       INTEGER NOT NULL DEFAULT 1,
  read_at_ms     INTEGER NOT NULL,
  PRIMARY KEY (connection_id, start_ms, queue_id)
) STRICT, WITHOUT ROWID;

-- Figures that a later reading replaced.
CREATE TABLE queue_interval_revision (
  connection_id  INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  start_ms       INTEGER NOT NULL,
  queue_id       INTEGER NOT NULL,
  revision       INTEGER NOT NULL,
  offered        INTEGER NOT NULL,
  abandoned      INTEGER NOT NULL,
  handle_time_ms INTEGER NOT NULL,
  inferred       INTEGER NOT NULL,
  read_at_ms     INTEGER NOT NULL,
  PRIMARY KEY (connection_id, start_ms, queue_id, revision)
) STRICT, WITHOUT ROWID;

-- Every interval since collection began (or as far back as a backfill went).
CREATE TABLE interval_ledger (
  connection_id   INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  start_ms        INTEGER NOT NULL CHECK (start_ms % 900000 = 0),
  status          TEXT    NOT NULL CHECK (status IN ('waiting', 'collected', 'gap')),
  reason          TEXT    NOT NULL DEFAULT '',  -- why it is a gap or unconfirmed
  unconfirmed     INTEGER NOT NULL DEFAULT 0 CHECK (unconfirmed IN (0, 1)),  -- an empty answer while agents were signed in
  revision        INTEGER NOT NULL DEFAULT 0,   -- 0: never collected
  collected_at_ms INTEGER,
  read_at_ms      INTEGER,
  next_read_at_ms INTEGER,                      -- NULL: no further reading planned
  queue_count     INTEGER NOT NULL DEFAULT 0,
  offered         INTEGER NOT NULL DEFAULT 0,
  abandoned       INTEGER NOT NULL DEFAULT 0,
  handle_time_ms  INTEGER NOT NULL DEFAULT 0,
  refused_rows    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (connection_id, start_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX interval_ledger_due ON interval_ledger (connection_id, next_read_at_ms) WHERE next_read_at_ms IS NOT NULL;
CREATE INDEX interval_ledger_open ON interval_ledger (connection_id, start_ms) WHERE status <> 'collected';

-- One report of a windowed stream: the stream's log. It waits while delivered_revision < revision.
CREATE TABLE report (
  connection_id      INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  stream             TEXT    NOT NULL CHECK (stream IN ('historical', 'agent-activity')),
  start_ms           INTEGER NOT NULL,
  end_ms             INTEGER NOT NULL,
  revision           INTEGER NOT NULL,
  delivered_revision INTEGER NOT NULL DEFAULT 0,
  record_count       INTEGER NOT NULL,            -- queue intervals or activities of the present revision
  held_count         INTEGER NOT NULL DEFAULT 0,  -- of these, waiting for a login id
  set_aside_count    INTEGER NOT NULL DEFAULT 0,  -- of these, refused for good
  created_at_ms      INTEGER NOT NULL,
  accepted_at_ms     INTEGER,
  body_sha256        TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (connection_id, stream, start_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_waiting ON report (connection_id, stream, start_ms) WHERE delivered_revision < revision;
CREATE INDEX report_held ON report (connection_id, start_ms) WHERE held_count > 0;

-- The bodies of windowed reports as they were sent, with the WFM's answer: proof of what was delivered.
CREATE TABLE report_body (
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  stream        TEXT    NOT NULL,
  start_ms      INTEGER NOT NULL,
  revision      INTEGER NOT NULL,
  part          INTEGER NOT NULL,  -- from 0, where a report went in several bodies
  sent_at_ms    INTEGER NOT NULL,
  answer        TEXT    NOT NULL,
  sha256        TEXT    NOT NULL,
  body_gzip     BLOB,              -- NULL when over 1.5 MB compressed
  PRIMARY KEY (connection_id, stream, start_ms, revision, part)
) STRICT, WITHOUT ROWID;

-- A record that was refused for good, with the reason: by the WFM, or by the bridge because the ACD's row made no sense.
CREATE TABLE set_aside (
  id             INTEGER PRIMARY KEY,
  connection_id  INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  stream         TEXT    NOT NULL,  -- agent-states, historical, agent-activity; or acd: a row of the source
  at_ms          INTEGER NOT NULL,
  window_start_ms INTEGER,
  record_key     TEXT    NOT NULL,  -- login id, queue key, agent
  record         TEXT    NOT NULL CHECK (json_valid(record)),
  http_status    INTEGER,
  reason         TEXT    NOT NULL,
  status         TEXT    NOT NULL DEFAULT 'set aside' CHECK (status IN ('set aside', 'sent again')),
  resolved_at_ms INTEGER
) STRICT;
CREATE INDEX set_aside_by_connection ON set_aside (connection_id, id);
-- The same record refused again is the same record.
CREATE UNIQUE INDEX set_aside_once ON set_aside (connection_id, stream, record_key, at_ms);

-- Loading of past intervals, newest first, in chunks between live polls.
CREATE TABLE backfill (
  id                INTEGER PRIMARY KEY,
  connection_id     INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  from_ms           INTEGER NOT NULL CHECK (from_ms % 900000 = 0),
  to_ms             INTEGER NOT NULL CHECK (to_ms % 900000 = 0 AND to_ms > from_ms),
  next_end_ms       INTEGER NOT NULL,  -- end of what is still to be loaded
  status            TEXT    NOT NULL CHECK (status IN ('waiting', 'running', 'paused', 'cancelled', 'done')),
  intervals_changed INTEGER NOT NULL DEFAULT 0,
  intervals_failed  INTEGER NOT NULL DEFAULT 0,
  error             TEXT    NOT NULL DEFAULT '',
  created_by        TEXT    NOT NULL DEFAULT '',
  created_at_ms     INTEGER NOT NULL,
  updated_at_ms     INTEGER NOT NULL,
  finished_at_ms    INTEGER
) STRICT;
CREATE INDEX backfill_open ON backfill (connection_id, id) WHERE status IN ('waiting', 'running');

-- The connection monitor's diary.
CREATE TABLE event (
  id            INTEGER PRIMARY KEY,
  connection_id INTEGER,
  at_ms         INTEGER NOT NULL,
  kind          TEXT    NOT NULL,
  severity      TEXT    NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
  message       TEXT    NOT NULL
) STRICT;
CREATE INDEX event_by_connection ON event (connection_id, id);

-- Every pair of codes ever sent as an agent state: each has to be mapped to an activity in CXone by hand.
CREATE TABLE code_book (
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  event_code    TEXT    NOT NULL,
  reason_code   TEXT    NOT NULL,
  first_sent_ms INTEGER NOT NULL,
  last_sent_ms  INTEGER NOT NULL,  -- counted, like sent_count, when a window closes
  sent_count    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (connection_id, event_code, reason_code)
) STRICT, WITHOUT ROWID;

-- When something last ran: cron, purge.
CREATE TABLE heartbeat (
  name  TEXT    PRIMARY KEY,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Failed sign-ins to the site per address, so that guessing is slow and the owner still gets in.
CREATE TABLE login_attempt (
  address        TEXT    PRIMARY KEY,
  failures       INTEGER NOT NULL,
  last_failed_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
