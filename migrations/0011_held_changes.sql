-- State changes that wait for their agent's login id, each one: an agent's other changes of that time (while it was left out,
-- told late, not delivered yet) are none of them.
CREATE TABLE held_change (
  agent_id INTEGER NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
  at_ms    INTEGER NOT NULL,
  -- How often the log has it: more than once where it was told anew, 0 where the WFM has it and hears it last once more.
  times    INTEGER NOT NULL CHECK (times >= 0),
  PRIMARY KEY (agent_id, at_ms)
) STRICT, WITHOUT ROWID;

INSERT INTO held_change (agent_id, at_ms, times)
SELECT agent_id, at_ms, 1 FROM (
  SELECT c.agent_id, c.at_ms, a.held_count, row_number() OVER (PARTITION BY c.agent_id ORDER BY c.at_ms) AS nth
  FROM agent a JOIN state_change c ON c.agent_id = a.id AND c.at_ms >= coalesce(a.held_from_ms, 0) AND c.state_id <> 0
  WHERE a.held_count > 0)
WHERE nth <= held_count;

-- A further outage while history is caught up: what waits of it then is history, too, and follows the one before.

-- [{"logId", "offset": where it begins, "untilLogId": its last row, "doneBefore": live changes done between the end of the
-- history before and its beginning}, …] in order, after catch_up_log_id.
ALTER TABLE stream ADD COLUMN catch_up_further TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(catch_up_further));
