-- Sources other than one that is polled: records that are pushed, event feeds, agents' figures, several ACDs in one WFM.

-- Where the source's event feed goes on; stored with what it brought. NULL: the source has no such feed.
ALTER TABLE state_log ADD COLUMN source_cursor TEXT;

-- What a source tells beyond the three figures that every source has. NULL: not told.
ALTER TABLE queue_interval ADD COLUMN handled_short INTEGER;        -- handled within the service level
ALTER TABLE queue_interval ADD COLUMN handled_long INTEGER;         -- handled after it
ALTER TABLE queue_interval ADD COLUMN abandoned_short INTEGER;      -- of those abandoned, within the service level
ALTER TABLE queue_interval ADD COLUMN work_time_ms INTEGER;         -- after-call work
ALTER TABLE queue_interval ADD COLUMN queue_delay_time_ms INTEGER;  -- waiting time of the handled contacts
ALTER TABLE queue_interval ADD COLUMN hold_time_ms INTEGER;         -- of the handle time, on hold
ALTER TABLE queue_interval_revision ADD COLUMN handled_short INTEGER;
ALTER TABLE queue_interval_revision ADD COLUMN handled_long INTEGER;
ALTER TABLE queue_interval_revision ADD COLUMN abandoned_short INTEGER;
ALTER TABLE queue_interval_revision ADD COLUMN work_time_ms INTEGER;
ALTER TABLE queue_interval_revision ADD COLUMN queue_delay_time_ms INTEGER;
ALTER TABLE queue_interval_revision ADD COLUMN hold_time_ms INTEGER;

-- Time of one agent in one interval, as the source tells it: it takes the place of what follows from state changes.
CREATE TABLE agent_interval (
  connection_id     INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  start_ms          INTEGER NOT NULL CHECK (start_ms % 900000 = 0),
  agent_id          INTEGER NOT NULL,
  login_time_ms     INTEGER NOT NULL CHECK (login_time_ms BETWEEN 0 AND 900000),
  ready_time_ms     INTEGER NOT NULL CHECK (ready_time_ms >= 0),
  not_ready_time_ms INTEGER NOT NULL CHECK (not_ready_time_ms >= 0),
  revision          INTEGER NOT NULL DEFAULT 1,
  read_at_ms        INTEGER NOT NULL,
  PRIMARY KEY (connection_id, start_ms, agent_id)
) STRICT, WITHOUT ROWID;

-- What one agent did for one queue in one interval.
CREATE TABLE agent_queue_interval (
  connection_id  INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  start_ms       INTEGER NOT NULL CHECK (start_ms % 900000 = 0),
  queue_id       INTEGER NOT NULL,
  agent_id       INTEGER NOT NULL,
  handled        INTEGER NOT NULL CHECK (handled >= 0),
  handle_time_ms INTEGER NOT NULL CHECK (handle_time_ms >= 0),
  work_time_ms   INTEGER NOT NULL CHECK (work_time_ms >= 0),
  hold_time_ms   INTEGER NOT NULL CHECK (hold_time_ms >= 0),
  revision       INTEGER NOT NULL DEFAULT 1,
  read_at_ms     INTEGER NOT NULL,
  PRIMARY KEY (connection_id, start_ms, queue_id, agent_id)
) STRICT, WITHOUT ROWID;

-- Closed intervals in which a state change turned up late: what follows from them is worked out anew and sent again.
CREATE TABLE touched_interval (
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  start_ms      INTEGER NOT NULL CHECK (start_ms % 900000 = 0),
  touches       INTEGER NOT NULL DEFAULT 1,  -- tells whether another one came while the first was worked off
  PRIMARY KEY (connection_id, start_ms)
) STRICT, WITHOUT ROWID;

-- Answers to requests with an Idempotency-Key: the same request gets the same answer for 24 hours.
CREATE TABLE push_receipt (
  connection_id  INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  key_sha256     TEXT    NOT NULL,
  request_sha256 TEXT    NOT NULL,  -- of kind and records: another request may not use the key
  answer         TEXT    NOT NULL CHECK (json_valid(answer)),
  created_at_ms  INTEGER NOT NULL,
  PRIMARY KEY (connection_id, key_sha256)
) STRICT, WITHOUT ROWID;

-- Two steps of the set-up are about whichever source there is.
UPDATE setup_tick SET step = 'source-accounts' WHERE step = 'ncc-accounts';
