CREATE TABLE workspace (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    config_revision INTEGER NOT NULL,
    config_changed_at TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX workspace_name ON workspace (name);
CREATE INDEX workspace_changed ON workspace (config_changed_at);

-- What changed in a workspace's configuration, in the order of its revisions.
CREATE TABLE change (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    revision INTEGER NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (workspace_id, revision)
) STRICT;

CREATE TABLE api_key (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    revoked_at TEXT,
    PRIMARY KEY (workspace_id, id)
) STRICT;
CREATE INDEX api_key_hash ON api_key (hash);
CREATE INDEX api_key_prefix ON api_key (workspace_id, prefix);

CREATE TABLE secret (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (workspace_id, name)
) STRICT;

CREATE TABLE secret_value (
    workspace_id BLOB NOT NULL,
    name TEXT NOT NULL,
    environment TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (workspace_id, name, environment),
    FOREIGN KEY (workspace_id, name) REFERENCES secret (workspace_id, name) ON DELETE CASCADE
) STRICT;

CREATE TABLE variable (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    name TEXT NOT NULL,
    slots TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (workspace_id, name)
) STRICT;

CREATE TABLE integration (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    kind TEXT NOT NULL,
    definition TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT,
    PRIMARY KEY (workspace_id, id)
) STRICT;

CREATE TABLE action (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    integration_id BLOB NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    definition TEXT NOT NULL,
    shape_digest TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, integration_id) REFERENCES integration (workspace_id, id)
) STRICT;
CREATE UNIQUE INDEX action_name ON action (workspace_id, integration_id, name) WHERE deleted_at IS NULL;
CREATE INDEX action_integration ON action (workspace_id, integration_id, id);

CREATE TABLE agent (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    published_version INTEGER,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT,
    PRIMARY KEY (workspace_id, id)
) STRICT;

-- Number 0 is the draft.
CREATE TABLE agent_version (
    workspace_id BLOB NOT NULL,
    agent_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    document TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (workspace_id, agent_id, number),
    FOREIGN KEY (workspace_id, agent_id) REFERENCES agent (workspace_id, id)
) STRICT;

-- Who refers to what: integrations and actions to secrets, agent versions to actions and secrets.
CREATE TABLE reference (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    source_kind TEXT NOT NULL,
    source_id TEXT NOT NULL,
    source_version INTEGER NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, source_kind, source_id, source_version, target_kind, target_id)
) STRICT;
CREATE INDEX reference_target ON reference (workspace_id, target_kind, target_id);

CREATE TABLE conversation (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    agent_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    environment TEXT NOT NULL,
    status TEXT NOT NULL,
    phase TEXT NOT NULL,
    state TEXT,
    variables TEXT NOT NULL,
    call_usage TEXT NOT NULL,
    last_sequence INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

-- Calls that are under way, and the answers of those that an Idempotency-Key may ask for again.
CREATE TABLE call (
    workspace_id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    id BLOB NOT NULL,
    binding_id BLOB NOT NULL,
    name TEXT NOT NULL,
    arguments TEXT NOT NULL,
    idempotency_key TEXT,
    fingerprint BLOB NOT NULL,
    instance_id BLOB NOT NULL,
    reserved_at TEXT NOT NULL,
    answer TEXT,
    PRIMARY KEY (workspace_id, conversation_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX call_idempotency_key ON call (workspace_id, conversation_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX call_open ON call (instance_id) WHERE answer IS NULL;

CREATE TABLE event (
    workspace_id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    id BLOB NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, sequence)
) STRICT;

CREATE TABLE audit (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    id BLOB NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    operation TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
) STRICT;

-- The servers that share this database, and when each was last alive.
CREATE TABLE instance (
    id BLOB NOT NULL PRIMARY KEY,
    seen_at TEXT NOT NULL
) STRICT;
