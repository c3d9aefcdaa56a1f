-- What batches of the journal counted: written in the batch's own transaction, and taken away in the transaction
-- that adds it to the tables below. So each event of a call is counted once, whatever crashes.
CREATE TABLE counted_calls (
    sequence BIGINT PRIMARY KEY,
    calls TEXT NOT NULL
);

-- The calls of each action in buckets of five minutes, over all servers. Kept for days.
CREATE TABLE call_stat_bucket (
    workspace_id UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    environment TEXT NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    integration_id UUID,
    action_id UUID,
    succeeded BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    durations TEXT NOT NULL,
    PRIMARY KEY (workspace_id, at, environment, source)
);

-- The same by the hour. Kept as long as anybody may ask.
CREATE TABLE call_stat_hour (
    workspace_id UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    environment TEXT NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    integration_id UUID,
    action_id UUID,
    succeeded BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    durations TEXT NOT NULL,
    PRIMARY KEY (workspace_id, at, environment, source)
);

-- The calls of all actions together, in buckets of five minutes.
CREATE TABLE call_stat_all (
    workspace_id UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    environment TEXT NOT NULL,
    succeeded BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    durations TEXT NOT NULL,
    PRIMARY KEY (workspace_id, at, environment)
);

-- From here on, each database in its own words. SQLite counts a row's number up by itself.
ALTER TABLE counted_calls ALTER COLUMN sequence ADD GENERATED ALWAYS AS IDENTITY;
