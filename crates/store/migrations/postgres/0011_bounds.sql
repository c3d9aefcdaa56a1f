-- When somebody last began to fetch the tools of an MCP server: of several replicas, one does.
ALTER TABLE integration ADD COLUMN refreshing_at TIMESTAMPTZ;
