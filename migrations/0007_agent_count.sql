-- How many agents a connection has, so that looking at the bridge's health does not walk all of them: the Overview asks
-- every few seconds. Agents that the roster has not removed; written whenever agents are added or the roster is.
ALTER TABLE connection ADD COLUMN agent_count INTEGER NOT NULL DEFAULT 0 CHECK (agent_count >= 0);
UPDATE connection SET agent_count =
  (SELECT count(*) FROM agent a WHERE a.connection_id = connection.id AND a.removed_at_ms IS NULL);

-- Agents whose state changes wait for a login id: a few, so the index costs next to nothing.
CREATE INDEX agent_held ON agent (connection_id, held_count) WHERE held_count > 0;
