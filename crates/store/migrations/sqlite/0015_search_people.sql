-- What members and API keys are found by, beside integrations, actions and agents: what they are called, and
-- a member's e-mail address or the start of a key's text. A member's `id` is their person's.
INSERT INTO search (workspace_id, kind, id, under_id, text)
SELECT membership.workspace_id, 'member', membership.user_id, NULL, lower(account.name || ' ' || account.email)
FROM membership JOIN account ON account.id = membership.user_id;
INSERT INTO search (workspace_id, kind, id, under_id, text)
SELECT workspace_id, 'api_key', id, NULL, lower(name || ' ' || prefix) FROM api_key;
