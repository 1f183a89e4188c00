-- Records set aside that nobody has looked after: the Overview counts them every few seconds.
CREATE INDEX set_aside_open ON set_aside (connection_id) WHERE status = 'set aside';
