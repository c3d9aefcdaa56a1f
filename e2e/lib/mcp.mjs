import { serveHttp } from './http.mjs';

/** An MCP server (Streamable HTTP, answers as JSON) whose tools a test changes as it likes. */
export async function startMcp(tools) {
  let offered = tools;
  const service = await serveHttp((request, body) => {
    if (request.method !== 'POST') return [405, {}];
    const message = JSON.parse(body);
    const method = message.method ?? '';
    if (method.startsWith('notifications/')) return [202, undefined];
    const result = resultOf(method, message.params);
    if (result) return [200, { jsonrpc: '2.0', id: message.id, result }];
    const error = { code: -32601, message: 'there is no such method' };
    return [404, { jsonrpc: '2.0', id: message.id, error }];
  });

  function resultOf(method, params) {
    switch (method) {
      case 'initialize':
        return {
          protocolVersion: '2025-11-25',
          capabilities: { tools: {} },
          serverInfo: { name: 'library', version: '1' },
        };
      case 'tools/list':
        return { tools: offered };
      case 'tools/call':
        return { content: [{ type: 'text', text: JSON.stringify(params) }] };
      case 'ping':
        return {};
    }
  }
  return {
    mcpUrl: `${service.url}/mcp`,
    close: service.close,
    offer: (next) => {
      offered = next;
    },
  };
}
