-- Sums of the stored figures beside what the source told, so that looking at weeks of coverage reads a row an interval and
-- not one a figure. They are added up in the batch that stores the figures, and proved against them day by day.

-- Raised whenever a queue is taken in or left out: sums of what is left out hold for one version.
ALTER TABLE connection ADD COLUMN inclusion_version INTEGER NOT NULL DEFAULT 1;

ALTER TABLE interval_ledger ADD COLUMN stored_offered INTEGER NOT NULL DEFAULT 0;    -- contacts of the stored figures
ALTER TABLE interval_ledger ADD COLUMN left_out_offered INTEGER NOT NULL DEFAULT 0;  -- of these, of queues that are left out
-- connection.inclusion_version when they were added up. NULL: they never were.
ALTER TABLE interval_ledger ADD COLUMN sums_version INTEGER;

-- When the sums of a day were last compared with each stored figure. What differed was set right.
CREATE TABLE ledger_proof (
  connection_id     INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  day_ms            INTEGER NOT NULL CHECK (day_ms % 86400000 = 0),  -- a day in UTC
  proved_at_ms      INTEGER NOT NULL,
  inclusion_version INTEGER NOT NULL,
  differing         INTEGER NOT NULL,  -- intervals whose sums were not what their figures add up to
  PRIMARY KEY (connection_id, day_ms)
) STRICT, WITHOUT ROWID;

-- The newest five weeks of each connection at once. Years of hundreds of queues would outlast what a database allows a
-- statement: older intervals follow with the hourly proof, newest first, and are added up when looked at until then.
UPDATE interval_ledger SET sums_version = 1,
  stored_offered = (
    SELECT coalesce(sum(i.offered), 0) FROM queue_interval i
    WHERE i.connection_id = interval_ledger.connection_id AND i.start_ms = interval_ledger.start_ms),
  left_out_offered = (
    SELECT coalesce(sum(i.offered), 0) FROM queue_interval i
    WHERE i.connection_id = interval_ledger.connection_id AND i.start_ms = interval_ledger.start_ms
      AND i.queue_id IN (SELECT id FROM queue WHERE included = 0))
FROM (SELECT c.id, (SELECT max(start_ms) FROM interval_ledger n WHERE n.connection_id = c.id) - 35 * 86400000 AS from_ms
      FROM connection c) newest
WHERE interval_ledger.connection_id = newest.id AND interval_ledger.start_ms > newest.from_ms;
