-- Whether a kept answer is the result of an MCP server's tool: a repetition is answered in the same form,
-- whatever became of the action meanwhile.
ALTER TABLE call ADD COLUMN is_tool_result INTEGER NOT NULL DEFAULT FALSE;
