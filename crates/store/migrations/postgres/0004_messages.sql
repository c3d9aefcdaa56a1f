-- Text messages: each is here before its provider is asked to send it.
CREATE TABLE message (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    integration_id UUID NOT NULL,
    environment TEXT NOT NULL,
    conversation_id UUID,
    call_id UUID,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    body BYTEA NOT NULL,
    encoding TEXT NOT NULL,
    parts BIGINT NOT NULL,
    status TEXT NOT NULL,
    life TEXT NOT NULL,
    provider_id TEXT,
    error TEXT,
    attempts BIGINT NOT NULL,
    due_at TIMESTAMPTZ,
    instance_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX message_due ON message (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX message_under_way ON message (instance_id) WHERE instance_id IS NOT NULL;
CREATE INDEX message_provider ON message (workspace_id, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX message_conversation ON message (workspace_id, conversation_id);

-- When each sender may send next: slots are given out before messages enter the outbox.
CREATE TABLE message_sender (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    integration_id UUID NOT NULL,
    environment TEXT NOT NULL,
    sender TEXT NOT NULL,
    next_at TIMESTAMPTZ NOT NULL,
    blocked_until TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (workspace_id, integration_id, environment, sender)
);

-- Events that a call waits for the client to answer.
CREATE TABLE client_event (
    workspace_id UUID NOT NULL REFERENCES workspace (id),
    conversation_id UUID NOT NULL,
    event_id UUID NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    result TEXT,
    PRIMARY KEY (workspace_id, conversation_id, event_id)
);
CREATE INDEX client_event_expiry ON client_event (expires_at);

-- A webhook names an integration and no workspace.
CREATE INDEX integration_id ON integration (id);
-- Conversations that are not closed, for those that nobody goes on with.
CREATE INDEX conversation_open ON conversation (id) WHERE status <> 'closed';
