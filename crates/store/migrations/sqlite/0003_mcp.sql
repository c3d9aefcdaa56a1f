-- What is known of an MCP server from fetching its tools: JSON; null for other kinds.
ALTER TABLE integration ADD COLUMN discovery TEXT;
CREATE INDEX integration_kind ON integration (kind) WHERE deleted_at IS NULL;
