-- Up to which event, by its place in the table, the rows of conversations are written: only where one
-- process writes the database, which sets it at its start.
CREATE TABLE journal_mark (
    event INTEGER NOT NULL
) STRICT;
INSERT INTO journal_mark (event) VALUES (-1);
