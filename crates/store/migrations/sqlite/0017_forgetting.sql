-- For how many days the events of a workspace's conversations are kept; null is for ever. A workspace's settings
-- have a revision, like everything that is changed over the API.
ALTER TABLE workspace ADD COLUMN retain_events_days INTEGER;
ALTER TABLE workspace ADD COLUMN settings_revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE workspace ADD COLUMN settings_changed_at TEXT;

-- The same for an agent's conversations: null is as the workspace says, 0 is for ever.
ALTER TABLE agent ADD COLUMN retain_events_days INTEGER;

-- Conversations that are gone, and whose events, calls and client events are being removed. Whoever dies while
-- doing so leaves the rest to others.
CREATE TABLE removed_conversation (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

-- What one server does for all, and when one took the turn to do it last.
CREATE TABLE turn (
    name TEXT NOT NULL PRIMARY KEY,
    taken_at TEXT NOT NULL
) STRICT;

-- An agent's conversations, the oldest first.
CREATE INDEX conversation_agent ON conversation (workspace_id, agent_id, id);
-- Answers that are kept for those who repeat a call, the oldest first.
CREATE INDEX call_answered ON call (reserved_at) WHERE answer IS NOT NULL;
