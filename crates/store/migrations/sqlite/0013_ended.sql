-- Which server printed the link for the first owner: of several that start together one does.
ALTER TABLE setup_token ADD COLUMN offered_by BLOB;

-- How often an API key or a session was ended before its time. A copy of this is kept outside of the
-- database, so that a database that was put back is told from one that went on. There is one row, with
-- the id 1; `database_id` says of which database it is.
CREATE TABLE ended (
    id INTEGER NOT NULL PRIMARY KEY,
    database_id BLOB NOT NULL,
    count INTEGER NOT NULL
) STRICT;

-- From here on, each database in its own words.
INSERT INTO ended (id, database_id, count) VALUES (1, randomblob(16), 0);
