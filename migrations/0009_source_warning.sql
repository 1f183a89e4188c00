-- What the source warns of, as sentences: a password that expires. '' while there is nothing.
ALTER TABLE feed ADD COLUMN warning TEXT NOT NULL DEFAULT '';
