// A service with one endpoint for each tool that the conformance suite calls by name and that needs
// nothing of MCP: it answers with JSON. `test_trigger_tool_change` changes a shared action over
// Switchboard's API first, as a builder would, so that the list of tools changes while the suite listens.
//
// usage: node stubs.mjs API_URL API_KEY     prints its port; POST /watch/ACTION_ID names the action
import http from 'node:http';

const [api, key] = process.argv.slice(2);
let action;
let changes = 0;

async function change() {
  changes += 1;
  const response = await fetch(`${api}/api/v1/actions/${action}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ description: `Changed ${changes} times` }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

const server = http.createServer(async (request, response) => {
  request.resume();
  const [, kind, name] = request.url.split('/');
  try {
    if (kind === 'watch') action = name;
    if (name === 'test_trigger_tool_change') await change();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ tool: name }));
  } catch (error) {
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: String(error) }));
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
