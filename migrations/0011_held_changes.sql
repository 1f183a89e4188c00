-- A further outage while history is caught up: what waits of it then is history, too, and follows the one before.

-- [{"logId", "offset": where it begins, "untilLogId": its last row, "doneBefore": live changes done between the end of the
-- history before and its beginning}, …] in order, after catch_up_log_id.
ALTER TABLE stream ADD COLUMN catch_up_further TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(catch_up_further));
