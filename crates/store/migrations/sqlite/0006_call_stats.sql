-- How calls went, in buckets of five minutes. Each run of a server writes rows of its own, so that the rows of
-- several add up.
CREATE TABLE call_stat (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    bucket_at TEXT NOT NULL,
    run_id BLOB NOT NULL,
    environment TEXT NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    integration_id BLOB,
    action_id BLOB,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    durations TEXT NOT NULL,
    PRIMARY KEY (workspace_id, bucket_at, run_id, environment, source)
) STRICT;

-- The last error of each integration in each environment.
CREATE TABLE integration_error (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    integration_id BLOB NOT NULL,
    environment TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (workspace_id, integration_id, environment)
) STRICT;
