import http from 'node:http';

/** A server on a free port of this machine; `answer(request, body)` gives `[status, value, headers]`. */
export async function serveHttp(answer) {
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const [status, value, headers = {}] = answer(request, Buffer.concat(parts).toString());
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(value === undefined ? '' : JSON.stringify(value));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A billing service: accounts that it knows, and everything that it was asked. */
export async function startBilling() {
  const asked = [];
  const service = await serveHttp((request, body) => {
    const { pathname, search } = new URL(request.url, 'http://billing');
    asked.push({ method: request.method, path: pathname, search, body, authorization: request.headers.authorization });
    if (request.headers.authorization !== 'Bearer tok-e2e') return [401, { error: 'no token' }];
    const account = /^\/accounts\/([^/]+)$/.exec(pathname)?.[1];
    if (account === 'A-17') return [200, { id: 'A-17', holder: 'Grace Hopper', balance: 125.5 }];
    if (account) return [404, { error: `there is no account ${decodeURIComponent(account)}` }];
    return [200, { ok: true }];
  });
  return { ...service, asked };
}
