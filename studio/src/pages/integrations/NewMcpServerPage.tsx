import { NewIntegration } from './NewIntegration';

export function NewMcpServerPage() {
  return (
    <NewIntegration
      kind="mcp_server"
      title="New MCP server"
      description="Say where the server is. Its tools are fetched as soon as you connect it, and you see at once what was found."
      submitLabel="Connect and fetch the tools"
    />
  );
}
