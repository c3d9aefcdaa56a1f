-- What batches of the journal counted: written in the batch's own transaction, and taken away in the transaction
-- that adds it to the tables below. So each event of a call is counted once, whatever crashes.
CREATE TABLE counted_calls (
    sequence INTEGER PRIMARY KEY,
    calls TEXT NOT NULL
) STRICT;

-- The calls of each action in buckets of five minutes, over all servers. Kept for days.
CREATE TABLE call_stat_bucket (
    workspace_id BLOB NOT NULL,
    at TEXT NOT NULL,
    environment TEXT NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    integration_id BLOB,
    action_id BLOB,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    durations TEXT NOT NULL,
    PRIMARY KEY (workspace_id, at, environment, source)
) STRICT, WITHOUT ROWID;

-- The same by the hour. Kept as long as anybody may ask.
CREATE TABLE call_stat_hour (
    workspace_id BLOB NOT NULL,
    at TEXT NOT NULL,
    environment TEXT NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    integration_id BLOB,
    action_id BLOB,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    durations TEXT NOT NULL,
    PRIMARY KEY (workspace_id, at, environment, source)
) STRICT, WITHOUT ROWID;

-- The calls of all actions together, in buckets of five minutes.
CREATE TABLE call_stat_all (
    workspace_id BLOB NOT NULL,
    at TEXT NOT NULL,
    environment TEXT NOT NULL,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    durations TEXT NOT NULL,
    PRIMARY KEY (workspace_id, at, environment)
) STRICT, WITHOUT ROWID;

-- From here on, each database in its own words. A row of SQLite is numbered without being told.
