ALTER TABLE agent_version ADD COLUMN notes TEXT NOT NULL DEFAULT '';
ALTER TABLE agent_version ADD COLUMN locked_by TEXT NOT NULL DEFAULT '';
-- Of a draft: the version that was restored into it last.
ALTER TABLE agent_version ADD COLUMN restored_from BIGINT;

-- Every link of every version. `action_revision` is what a locked version saw of the action; in a
-- draft it is what the restored version expects, and null where no restored version brought it.
CREATE TABLE version_link (
    workspace_id UUID NOT NULL,
    agent_id UUID NOT NULL,
    number BIGINT NOT NULL,
    binding_id UUID NOT NULL,
    action_id UUID NOT NULL,
    integration_id UUID NOT NULL,
    action_revision BIGINT,
    reviewed TEXT,
    PRIMARY KEY (workspace_id, agent_id, number, binding_id),
    FOREIGN KEY (workspace_id, agent_id) REFERENCES agent (workspace_id, id),
    FOREIGN KEY (workspace_id, action_id) REFERENCES action (workspace_id, id)
);
CREATE INDEX version_link_action ON version_link (workspace_id, action_id);
CREATE INDEX version_link_integration ON version_link (workspace_id, integration_id);

-- What a shared action was after each of its changes.
CREATE TABLE action_revision (
    workspace_id UUID NOT NULL,
    action_id UUID NOT NULL,
    revision BIGINT NOT NULL,
    change TEXT NOT NULL,
    integration_id UUID NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    definition TEXT NOT NULL,
    shape_digest TEXT NOT NULL,
    is_deleted BOOLEAN NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (workspace_id, action_id, revision),
    FOREIGN KEY (workspace_id, action_id) REFERENCES action (workspace_id, id)
);

-- What is there already becomes the first that is known of it.
INSERT INTO action_revision (workspace_id, action_id, revision, change, integration_id, name, description, definition, shape_digest, is_deleted, at, actor)
SELECT workspace_id, id, revision, CASE WHEN deleted_at IS NULL THEN 'created' ELSE 'deleted' END, integration_id, name, description, definition, shape_digest, deleted_at IS NOT NULL, updated_at, '' FROM action;
DELETE FROM reference WHERE target_kind IN ('action', 'integration');

-- From here on, each database in its own words.

INSERT INTO version_link (workspace_id, agent_id, number, binding_id, action_id, integration_id)
SELECT version.workspace_id, version.agent_id, version.number,
    CAST(substr(binding ->> 'id', 5) AS UUID),
    CAST(substr(binding -> 'link' ->> 'action_id', 5) AS UUID),
    CAST(substr(binding -> 'link' ->> 'integration_id', 5) AS UUID)
FROM agent_version AS version, LATERAL jsonb_array_elements(CAST(version.document AS JSONB) -> 'actions') AS binding
WHERE binding -> 'link' ->> 'action_id' IS NOT NULL;

-- A locked version never changes, whoever asks. Number 0 is the draft.
CREATE FUNCTION refuse_change_of_locked_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a locked version never changes';
END
$$;
CREATE TRIGGER agent_version_is_locked BEFORE UPDATE ON agent_version FOR EACH ROW WHEN (OLD.number > 0)
EXECUTE FUNCTION refuse_change_of_locked_version();
CREATE TRIGGER agent_version_stays BEFORE DELETE ON agent_version FOR EACH ROW WHEN (OLD.number > 0)
EXECUTE FUNCTION refuse_change_of_locked_version();
CREATE TRIGGER version_link_is_locked BEFORE UPDATE ON version_link FOR EACH ROW WHEN (OLD.number > 0)
EXECUTE FUNCTION refuse_change_of_locked_version();
CREATE TRIGGER version_link_stays BEFORE DELETE ON version_link FOR EACH ROW WHEN (OLD.number > 0)
EXECUTE FUNCTION refuse_change_of_locked_version();
