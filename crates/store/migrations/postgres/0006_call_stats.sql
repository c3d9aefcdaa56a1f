-- How calls went, in buckets of five minutes. Each run of a server writes rows of its own, so that the rows of
-- several add up.
CREATE TABLE call_stat (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    bucket_at TIMESTAMPTZ NOT NULL,
    run_id UUID NOT NULL,
    environment TEXT NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    integration_id UUID,
    action_id UUID,
    succeeded BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    durations TEXT NOT NULL,
    PRIMARY KEY (workspace_id, bucket_at, run_id, environment, source)
);

-- The last error of each integration in each environment.
CREATE TABLE integration_error (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    integration_id UUID NOT NULL,
    environment TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (workspace_id, integration_id, environment)
);
