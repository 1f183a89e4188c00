-- What the pages on coverage and mapping need beyond the first schema.

-- Contacts received in the historical bodies that the WFM accepted last: the delivered side of a day's balance.
-- NULL: accepted before this was counted, or nothing was accepted yet.
ALTER TABLE report ADD COLUMN delivered_contacts INTEGER;

-- A queue that carries both directions, as a person marked it: NICE drops its records, so it is pointed out.
ALTER TABLE queue ADD COLUMN mixed INTEGER NOT NULL DEFAULT 0 CHECK (mixed IN (0, 1));

-- A mapping table that a person sent, between its preview and the confirmation. Gone after an hour.
CREATE TABLE mapping_upload (
  id            INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  kind          TEXT    NOT NULL CHECK (kind IN ('queues', 'agents', 'states')),
  content       TEXT    NOT NULL,  -- CSV as sent
  created_at_ms INTEGER NOT NULL,
  created_by    TEXT    NOT NULL
) STRICT;
