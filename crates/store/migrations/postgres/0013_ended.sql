-- Which server printed the link for the first owner: of several that start together one does.
ALTER TABLE setup_token ADD COLUMN offered_by UUID;

-- How often an API key or a session was ended before its time. A copy of this is kept outside of the
-- database, so that a database that was put back is told from one that went on. There is one row, with
-- the id 1; `database_id` says of which database it is.
CREATE TABLE ended (
    id BIGINT NOT NULL PRIMARY KEY,
    database_id UUID NOT NULL,
    count BIGINT NOT NULL
);

-- From here on, each database in its own words.
INSERT INTO ended (id, database_id, count) VALUES (1, gen_random_uuid(), 0);
