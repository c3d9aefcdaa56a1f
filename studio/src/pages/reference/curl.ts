import type { Parameter } from '~/api/document';
import type { Operation } from './operations';
import { exampleOf, type Schemas } from './schemas';

/** In single quotes of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function filling(parameter: Parameter, schemas: Schemas): string {
  const value = parameter.schema ? exampleOf(parameter.schema, schemas) : '…';
  return value === '…' ? parameter.name.toUpperCase().replaceAll('-', '_') : String(value);
}

/** The command that does an operation, with the key in `$KEY` as the documents have it. */
export function curlOf(operation: Operation, origin: string, schemas: Schemas): string {
  const { method, path, parameters = [], access, requestBody, responses } = operation;
  const needed = parameters.filter((one) => one.required);
  const filled = needed
    .filter((one) => one.in === 'path')
    .reduce((made, one) => made.replace(`{${one.name}}`, encodeURIComponent(filling(one, schemas))), path);
  const query = needed
    .filter((one) => one.in === 'query')
    .map((one) => `${one.name}=${encodeURIComponent(filling(one, schemas))}`);
  const address = `${origin}${filled}${query.length > 0 ? `?${query.join('&')}` : ''}`;
  const lines = [`curl -sS${method === 'GET' ? '' : ` -X ${method}`} ${quoted(address)}`];
  if (access.includes('api_key')) lines.push('-H "Authorization: Bearer $KEY"');
  else if (access.includes('session')) {
    lines.push('-H "Cookie: switchboard_session=$SESSION"');
    if (method !== 'GET') lines.push('-H "X-CSRF-Token: $CSRF_TOKEN"');
  }
  for (const one of needed.filter((parameter) => parameter.in === 'header')) {
    lines.push(`-H ${quoted(`${one.name}: ${filling(one, schemas)}`)}`);
  }
  const answers = Object.entries(responses).flatMap(([status, one]) =>
    status.startsWith('2') ? Object.keys(one.content ?? {}) : [],
  );
  if (answers.length > 0 && answers.every((kind) => kind === 'text/event-stream')) {
    lines.push("-N -H 'Accept: text/event-stream'");
  }
  const [body] = Object.entries(requestBody?.content ?? {});
  if (body) {
    lines.push(`-H ${quoted(`Content-Type: ${body[0]}`)}`);
    const example = body[1].schema ? exampleOf(body[1].schema, schemas) : {};
    lines.push(`-d ${quoted(JSON.stringify(example, null, 2))}`);
  }
  return lines.join(' \\\n  ');
}
