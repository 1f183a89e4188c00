-- What other workforce management reads, and adherence: schedules beside the states that agents were in.

-- What an agent is to do, as somebody uploaded it. An activity belongs to the day on which it begins, in the connection's
-- time zone: a later upload for an agent and day replaces it.
CREATE TABLE schedule_activity (
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  agent_id      INTEGER NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
  start_ms      INTEGER NOT NULL,
  end_ms        INTEGER NOT NULL CHECK (end_ms > start_ms AND end_ms <= start_ms + 86400000),
  activity      TEXT    NOT NULL CHECK (activity <> ''),
  PRIMARY KEY (connection_id, agent_id, start_ms)
) STRICT, WITHOUT ROWID;

-- The state classes that adhere to an activity, where a person chose others than its name suggests (src/domain/adherence.ts).
CREATE TABLE adherence_rule (
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  activity      TEXT    NOT NULL,                              -- in small letters: names are compared without regard to case
  name          TEXT    NOT NULL,                              -- as it was written
  classes       TEXT    NOT NULL CHECK (json_valid(classes)),  -- list of acd_state.class; empty: the activity is not compared
  PRIMARY KEY (connection_id, activity)
) STRICT, WITHOUT ROWID;

-- How strictly adherence is judged. No row: the defaults.
CREATE TABLE adherence_setting (
  connection_id INTEGER PRIMARY KEY REFERENCES connection (id) ON DELETE CASCADE,
  grace_ms      INTEGER NOT NULL CHECK (grace_ms BETWEEN 0 AND 3600000)
) STRICT;

-- A file of schedules between its preview and the confirmation. Gone after an hour.
CREATE TABLE schedule_upload (
  id            INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  file_name     TEXT    NOT NULL,
  row_count     INTEGER NOT NULL,                              -- activities that can be stored
  refused_count INTEGER NOT NULL,
  refused       TEXT    NOT NULL CHECK (json_valid(refused)),  -- [[line, reason], …], the first ones
  created_at_ms INTEGER NOT NULL,
  created_by    TEXT    NOT NULL
) STRICT;

-- Its content in parts that a statement can hold.
CREATE TABLE schedule_upload_part (
  upload_id INTEGER NOT NULL REFERENCES schedule_upload (id) ON DELETE CASCADE,
  kind      TEXT    NOT NULL CHECK (kind IN ('activities', 'days')),
  part      INTEGER NOT NULL,  -- from 0
  -- activities: [[agent id, start_ms, end_ms, activity], …]; days that are replaced: [[agent id, start_ms, end_ms], …]
  rows      TEXT    NOT NULL CHECK (json_valid(rows)),
  PRIMARY KEY (upload_id, kind, part)
) STRICT, WITHOUT ROWID;

-- Views for any reader: docs/wfm-schema.md holds their columns, types and units. A view that is published never changes:
-- a migration that moves what is under it makes it anew with the same columns; what is more goes into a _v2.
CREATE VIEW wfm_queue_v1 AS
SELECT connection_id, id AS queue_id, source_id AS queue_key, coalesce(queue_value, source_id) AS wfm_key, name AS queue_name,
       is_outbound, included AS is_included, in_roster = 1 AND removed_at_ms IS NULL AS is_listed, first_seen_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', first_seen_ms / 1000.0, 'unixepoch') AS first_seen_utc, removed_at_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', removed_at_ms / 1000.0, 'unixepoch') AS removed_at_utc
FROM queue;

CREATE VIEW wfm_agent_v1 AS
SELECT connection_id, id AS agent_id, source_id AS agent_key, coalesce(login_id, username) AS login_id, employee_id,
       name AS agent_name, included AS is_included, in_roster = 1 AND removed_at_ms IS NULL AS is_listed, first_seen_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', first_seen_ms / 1000.0, 'unixepoch') AS first_seen_utc, removed_at_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', removed_at_ms / 1000.0, 'unixepoch') AS removed_at_utc
FROM agent;

CREATE VIEW wfm_queue_interval_v1 AS
SELECT i.connection_id, i.start_ms, strftime('%Y-%m-%dT%H:%M:%fZ', i.start_ms / 1000.0, 'unixepoch') AS start_utc,
       i.start_ms + 900000 AS end_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.start_ms / 1000.0 + 900, 'unixepoch') AS end_utc,
       i.queue_id, q.source_id AS queue_key, q.name AS queue_name, i.offered, max(0, i.offered - i.abandoned) AS handled,
       i.abandoned, i.handle_time_ms, i.handled_short, i.handled_long, i.abandoned_short, i.work_time_ms,
       i.queue_delay_time_ms, i.hold_time_ms, i.inferred AS is_inferred, i.revision, i.read_at_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.read_at_ms / 1000.0, 'unixepoch') AS read_at_utc
FROM queue_interval i LEFT JOIN queue q ON q.id = i.queue_id;

CREATE VIEW wfm_agent_interval_v1 AS
SELECT i.connection_id, i.start_ms, strftime('%Y-%m-%dT%H:%M:%fZ', i.start_ms / 1000.0, 'unixepoch') AS start_utc,
       i.start_ms + 900000 AS end_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.start_ms / 1000.0 + 900, 'unixepoch') AS end_utc,
       i.agent_id, a.source_id AS agent_key, coalesce(a.login_id, a.username) AS login_id, a.employee_id, i.login_time_ms,
       i.ready_time_ms, i.not_ready_time_ms, i.revision, i.read_at_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.read_at_ms / 1000.0, 'unixepoch') AS read_at_utc
FROM agent_interval i LEFT JOIN agent a ON a.id = i.agent_id;

CREATE VIEW wfm_agent_queue_interval_v1 AS
SELECT i.connection_id, i.start_ms, strftime('%Y-%m-%dT%H:%M:%fZ', i.start_ms / 1000.0, 'unixepoch') AS start_utc,
       i.start_ms + 900000 AS end_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.start_ms / 1000.0 + 900, 'unixepoch') AS end_utc,
       i.queue_id, q.source_id AS queue_key, q.name AS queue_name, i.agent_id, a.source_id AS agent_key,
       coalesce(a.login_id, a.username) AS login_id, a.employee_id, i.handled, i.handle_time_ms, i.work_time_ms,
       i.hold_time_ms, i.revision, i.read_at_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.read_at_ms / 1000.0, 'unixepoch') AS read_at_utc
FROM agent_queue_interval i LEFT JOIN queue q ON q.id = i.queue_id LEFT JOIN agent a ON a.id = i.agent_id;

CREATE VIEW wfm_state_change_v1 AS
SELECT a.connection_id, c.agent_id, a.source_id AS agent_key, coalesce(a.login_id, a.username) AS login_id, a.employee_id,
       c.at_ms, strftime('%Y-%m-%dT%H:%M:%fZ', c.at_ms / 1000.0, 'unixepoch') AS at_utc, c.state_id <> 0 AS is_observed,
       s.name AS state, s.reason, s.class AS state_class, c.since_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', c.since_ms / 1000.0, 'unixepoch') AS since_utc
FROM state_change c JOIN agent a ON a.id = c.agent_id LEFT JOIN acd_state s ON s.id = c.state_id;

CREATE VIEW wfm_coverage_v1 AS
SELECT connection_id, start_ms, strftime('%Y-%m-%dT%H:%M:%fZ', start_ms / 1000.0, 'unixepoch') AS start_utc,
       start_ms + 900000 AS end_ms, strftime('%Y-%m-%dT%H:%M:%fZ', start_ms / 1000.0 + 900, 'unixepoch') AS end_utc, status,
       reason, unconfirmed AS is_unconfirmed, revision, queue_count, collected_at_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', collected_at_ms / 1000.0, 'unixepoch') AS collected_at_utc, read_at_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', read_at_ms / 1000.0, 'unixepoch') AS read_at_utc
FROM interval_ledger;

CREATE VIEW wfm_schedule_activity_v1 AS
SELECT s.connection_id, s.agent_id, a.source_id AS agent_key, coalesce(a.login_id, a.username) AS login_id, a.employee_id,
       s.start_ms, strftime('%Y-%m-%dT%H:%M:%fZ', s.start_ms / 1000.0, 'unixepoch') AS start_utc, s.end_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.end_ms / 1000.0, 'unixepoch') AS end_utc, s.activity
FROM schedule_activity s JOIN agent a ON a.id = s.agent_id;
