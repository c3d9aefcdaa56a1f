-- Text messages: each is here before its provider is asked to send it.
CREATE TABLE message (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    id BLOB NOT NULL,
    integration_id BLOB NOT NULL,
    environment TEXT NOT NULL,
    conversation_id BLOB,
    call_id BLOB,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    body BLOB NOT NULL,
    encoding TEXT NOT NULL,
    parts INTEGER NOT NULL,
    status TEXT NOT NULL,
    life TEXT NOT NULL,
    provider_id TEXT,
    error TEXT,
    attempts INTEGER NOT NULL,
    due_at TEXT,
    instance_id BLOB,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
) STRICT;
CREATE INDEX message_due ON message (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX message_under_way ON message (instance_id) WHERE instance_id IS NOT NULL;
CREATE INDEX message_provider ON message (workspace_id, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX message_conversation ON message (workspace_id, conversation_id);

-- When each sender may send next: slots are given out before messages enter the outbox.
CREATE TABLE message_sender (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    integration_id BLOB NOT NULL,
    environment TEXT NOT NULL,
    sender TEXT NOT NULL,
    next_at TEXT NOT NULL,
    blocked_until TEXT NOT NULL,
    PRIMARY KEY (workspace_id, integration_id, environment, sender)
) STRICT;

-- Events that a call waits for the client to answer.
CREATE TABLE client_event (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    conversation_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    expires_at TEXT NOT NULL,
    result TEXT,
    PRIMARY KEY (workspace_id, conversation_id, event_id)
) STRICT;
CREATE INDEX client_event_expiry ON client_event (expires_at);

-- A webhook names an integration and no workspace.
CREATE INDEX integration_id ON integration (id);
-- Conversations that are not closed, for those that nobody goes on with.
CREATE INDEX conversation_open ON conversation (id) WHERE status <> 'closed';
