-- What integrations, actions and agents are found by: name and description, in lower case. It lies
-- apart from them, so that a search reads little. An action's `under_id` is its integration.
CREATE TABLE search (
    workspace_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    id BLOB NOT NULL,
    under_id BLOB,
    text TEXT NOT NULL,
    PRIMARY KEY (workspace_id, kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO search (workspace_id, kind, id, under_id, text)
SELECT workspace_id, 'integration', id, NULL, lower(name || ' ' || description) FROM integration WHERE deleted_at IS NULL;
INSERT INTO search (workspace_id, kind, id, under_id, text)
SELECT workspace_id, 'action', id, integration_id, lower(name || ' ' || description) FROM action WHERE deleted_at IS NULL;
INSERT INTO search (workspace_id, kind, id, under_id, text)
SELECT workspace_id, 'agent', id, NULL, lower(name || ' ' || description) FROM agent WHERE deleted_at IS NULL;

-- Counting an integration's agents reads the index alone, and what refers to something is found by it.
DROP INDEX version_link_integration;
CREATE INDEX version_link_integration ON version_link (workspace_id, integration_id, agent_id);
-- Conversations are looked for by what went wrong in them. That is rare, so a call that went well costs nothing here.
CREATE INDEX event_went_wrong ON event (workspace_id, kind, conversation_id) WHERE kind IN ('action.failed', 'action.refused');
