import { Stack, Text } from '@mantine/core';
import { StatusBadge } from './badges';
import { JsonView } from './JsonView';
import { isObject } from './schema/schema';

interface Props {
  request: unknown;
  response: unknown;
}

/** A request as it was sent, secrets masked, and what came back. */
export function Exchange({ request, response }: Props) {
  return (
    <>
      {request != null && <Side title="Request" message={request} />}
      {response != null && <Side title="Response" message={response} />}
    </>
  );
}

function Side({ title, message }: { title: string; message: unknown }) {
  const { line, headers, body } = partsOf(message);
  const status = isObject(message) && typeof message.status === 'number' ? message.status : undefined;
  return (
    <Stack gap={4}>
      <Text fw={500} size="sm">
        {title}{' '}
        {status !== undefined && (
          <StatusBadge tone={status < 400 ? 'good' : 'bad'}>{String(status)}</StatusBadge>
        )}
      </Text>
      {line && (
        <Text size="xs" className="mono wrap-anywhere">
          {line}
        </Text>
      )}
      {headers && Object.keys(headers).length > 0 && (
        <details>
          <summary>
            <Text span size="xs" c="dimmed">
              {Object.keys(headers).length === 1 ? '1 header' : `${Object.keys(headers).length} headers`}
            </Text>
          </summary>
          <pre className="code-block">
            {Object.entries(headers)
              .map(([name, value]) => `${name}: ${String(value)}`)
              .join('\n')}
          </pre>
        </details>
      )}
      {body !== undefined && <JsonView value={body} label={title.toLowerCase()} />}
    </Stack>
  );
}

/** An HTTP message has a line, headers and a body; of anything else all of it is shown. */
function partsOf(message: unknown): { line?: string; headers?: Record<string, unknown>; body?: unknown } {
  if (!isObject(message)) return { body: message };
  const { method, url, headers, body, status, ...rest } = message;
  if (!isObject(headers) && method === undefined) return { body: message };
  const line = [method, url].filter((one) => typeof one === 'string').join(' ');
  const more = Object.keys(rest).length > 0 ? { ...rest, ...(body === undefined ? {} : { body }) } : body;
  return {
    ...(line ? { line } : {}),
    ...(isObject(headers) ? { headers } : {}),
    ...(more === undefined || more === null ? {} : { body: more }),
  };
}
