CREATE TABLE workspace (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    config_revision BIGINT NOT NULL,
    config_changed_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX workspace_name ON workspace (name);
CREATE INDEX workspace_changed ON workspace (config_changed_at);

-- What changed in a workspace's configuration, in the order of its revisions.
CREATE TABLE change (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    revision BIGINT NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (workspace_id, revision)
);

CREATE TABLE api_key (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX api_key_hash ON api_key (hash);
CREATE INDEX api_key_prefix ON api_key (workspace_id, prefix);

CREATE TABLE secret (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    name TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (workspace_id, name)
);

CREATE TABLE secret_value (
    workspace_id UUID NOT NULL,
    name TEXT NOT NULL,
    environment TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, name, environment),
    FOREIGN KEY (workspace_id, name) REFERENCES secret (workspace_id, name) ON DELETE CASCADE
);

CREATE TABLE variable (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    name TEXT NOT NULL,
    slots TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (workspace_id, name)
);

CREATE TABLE integration (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    kind TEXT NOT NULL,
    definition TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE action (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    integration_id UUID NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    definition TEXT NOT NULL,
    shape_digest TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, integration_id) REFERENCES integration (workspace_id, id)
);
CREATE UNIQUE INDEX action_name ON action (workspace_id, integration_id, name) WHERE deleted_at IS NULL;
CREATE INDEX action_integration ON action (workspace_id, integration_id, id);

CREATE TABLE agent (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    published_version BIGINT,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    PRIMARY KEY (workspace_id, id)
);

-- Number 0 is the draft.
CREATE TABLE agent_version (
    workspace_id UUID NOT NULL,
    agent_id UUID NOT NULL,
    number BIGINT NOT NULL,
    document TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (workspace_id, agent_id, number),
    FOREIGN KEY (workspace_id, agent_id) REFERENCES agent (workspace_id, id)
);

-- Who refers to what: integrations and actions to secrets, agent versions to actions and secrets.
CREATE TABLE reference (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    source_kind TEXT NOT NULL,
    source_id TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, source_kind, source_id, source_version, target_kind, target_id)
);
CREATE INDEX reference_target ON reference (workspace_id, target_kind, target_id);

CREATE TABLE conversation (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    agent_id UUID NOT NULL,
    version BIGINT NOT NULL,
    environment TEXT NOT NULL,
    status TEXT NOT NULL,
    phase TEXT NOT NULL,
    state TEXT,
    variables TEXT NOT NULL,
    call_usage TEXT NOT NULL,
    last_sequence BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

-- Calls that are under way, and the answers of those that an Idempotency-Key may ask for again.
CREATE TABLE call (
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    id UUID NOT NULL,
    binding_id UUID NOT NULL,
    name TEXT NOT NULL,
    arguments TEXT NOT NULL,
    idempotency_key TEXT,
    fingerprint BYTEA NOT NULL,
    instance_id UUID NOT NULL,
    reserved_at TIMESTAMPTZ NOT NULL,
    answer TEXT,
    PRIMARY KEY (workspace_id, conversation_id, id)
);
CREATE UNIQUE INDEX call_idempotency_key ON call (workspace_id, conversation_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX call_open ON call (instance_id) WHERE answer IS NULL;

CREATE TABLE event (
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    id UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, sequence)
);

CREATE TABLE audit (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    actor TEXT NOT NULL,
    operation TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

-- The servers that share this database, and when each was last alive.
CREATE TABLE instance (
    id UUID NOT NULL PRIMARY KEY,
    seen_at TIMESTAMPTZ NOT NULL
);
