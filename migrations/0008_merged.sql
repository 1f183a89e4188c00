-- Several connections (members) that hand over to one (merged) connection, which alone sends to their WFM.

-- Who has handed anything over to a merged connection. A member that was deleted stays: what it said was so.
CREATE TABLE member (
  connection_id  INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,  -- the merged one
  member_id      INTEGER NOT NULL,  -- a connection
  first_heard_ms INTEGER NOT NULL,
  -- From when on nobody knows what its agents do: it is paused, gone, or does not look. NULL: it is there.
  silent_from_ms INTEGER,
  PRIMARY KEY (connection_id, member_id)
) STRICT, WITHOUT ROWID;

-- An agent entering a state at an instant, as one member said. The merged time line in state_change follows from these.
CREATE TABLE member_state_change (
  agent_id  INTEGER NOT NULL REFERENCES agent (id) ON DELETE CASCADE,  -- of the merged connection
  member_id INTEGER NOT NULL,
  at_ms     INTEGER NOT NULL,
  state_id  INTEGER NOT NULL,  -- acd_state of the merged connection; 0: from here the member did not look
  PRIMARY KEY (agent_id, member_id, at_ms)
) STRICT, WITHOUT ROWID;

-- Intervals whose figures a member has handed over, an interval without any included.
CREATE TABLE member_interval (
  connection_id     INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  start_ms          INTEGER NOT NULL CHECK (start_ms % 900000 = 0),
  member_id         INTEGER NOT NULL,
  handed_over_at_ms INTEGER NOT NULL,
  PRIMARY KEY (connection_id, start_ms, member_id)
) STRICT, WITHOUT ROWID;

-- Time of one agent in one interval, as one member said: used where no states of the agent are known.
CREATE TABLE member_agent_interval (
  connection_id     INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  start_ms          INTEGER NOT NULL CHECK (start_ms % 900000 = 0),
  agent_id          INTEGER NOT NULL,
  member_id         INTEGER NOT NULL,
  login_time_ms     INTEGER NOT NULL,
  ready_time_ms     INTEGER NOT NULL,
  not_ready_time_ms INTEGER NOT NULL,
  PRIMARY KEY (connection_id, start_ms, agent_id, member_id)
) STRICT, WITHOUT ROWID;

-- By which precedence a merged connection's time lines were made.
CREATE TABLE merge_rule (
  connection_id INTEGER PRIMARY KEY REFERENCES connection (id) ON DELETE CASCADE,
  precedence    TEXT    NOT NULL CHECK (json_valid(precedence))
) STRICT;
