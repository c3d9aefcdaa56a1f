import { Anchor, Code, Group, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Document, ResponseObject } from '~/api/document';
import { MethodBadge, StatusBadge } from '~/parts/badges';
import { CopyButton } from '~/parts/CopyButton';
import { JsonView } from '~/parts/JsonView';
import { curlOf } from './curl';
import { ErrorTable } from './ErrorsView';
import type { Operation } from './operations';
import { Prose } from './Prose';
import { ReferenceTitle } from './ReferenceTitle';
import { Member, SchemaView } from './SchemaView';

const PLACES = [
  ['path', 'In the path'],
  ['query', 'In the query'],
  ['header', 'In headers'],
] as const;

/** Everything about one operation. */
export function OperationView({ operation, document }: { operation: Operation; document: Document }) {
  const { schemas } = document.components;
  const { method, path, requestBody, parameters = [] } = operation;
  const responses = Object.entries(operation.responses);
  const codes = responses.flatMap(([, one]) => one['x-codes'] ?? []);
  return (
    <Stack gap="lg">
      <div>
        <ReferenceTitle title={operation.title} />
        <Group gap="xs" mt={6}>
          <MethodBadge method={method} />
          <span className="mono wrap-anywhere">{path}</span>
          <CopyButton value={path} label="Copy the path" />
        </Group>
      </div>
      <Prose>{operation.more}</Prose>
      <Text>
        <Access names={operation.access} />
      </Text>
      <Section title="Example">
        <JsonView value={curlOf(operation, location.origin, schemas)} label="curl command" />
      </Section>
      {PLACES.map(([place, title]) => {
        const found = parameters.filter((one) => one.in === place);
        if (found.length === 0) return null;
        return (
          <Section key={place} title={title}>
            <ul className="schema-members">
              {found.map((one) => (
                <li key={one.name}>
                  <Member
                    name={one.name}
                    schema={{ ...one.schema, ...(one.description ? { description: one.description } : {}) }}
                    schemas={schemas}
                    required={one.required ?? false}
                  />
                </li>
              ))}
            </ul>
          </Section>
        );
      })}
      {requestBody && (
        <Section title={requestBody.required ? 'Request body' : 'Request body, optional'}>
          <ContentView content={requestBody.content} schemas={schemas} />
        </Section>
      )}
      {responses
        .filter(([status]) => status < '4')
        .map(([status, response]) => (
          <Section key={status} title={`Response ${status}`}>
            <ResponseView response={response} schemas={schemas} />
          </Section>
        ))}
      {codes.length > 0 && (
        <Section title="Errors">
          <ErrorTable codes={codes} document={document} />
        </Section>
      )}
      <Text c="dimmed" size="xs">
        Operation id: <Code>{operation.operationId}</Code>
      </Text>
    </Stack>
  );
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Stack component="section" gap="xs">
      <Title order={2}>{title}</Title>
      {children}
    </Stack>
  );
}

function Access({ names }: { names: string[] }) {
  if (names.length === 0) return 'Needs no key and no session.';
  if (!names.includes('api_key')) return 'For somebody who is signed in: the cookie of a session.';
  return names.includes('session') ? 'Needs an API key, or the cookie of a session.' : 'Needs an API key.';
}

type Schemas = Document['components']['schemas'];

function ContentView({ content, schemas }: { content: ResponseObject['content']; schemas: Schemas }) {
  return Object.entries(content ?? {}).map(([kind, { schema }]) => (
    <Stack key={kind} gap={6}>
      <div>
        <StatusBadge tone="plain">{kind}</StatusBadge>
      </div>
      {schema && <SchemaView schema={schema} schemas={schemas} />}
    </Stack>
  ));
}

function ResponseView({ response, schemas }: { response: ResponseObject; schemas: Schemas }) {
  const headers = Object.entries(response.headers ?? {});
  const next = Object.values(response.links ?? {});
  return (
    <>
      <Prose>{response.description}</Prose>
      {headers.length > 0 && (
        <ul className="schema-members">
          {headers.map(([name, { schema, description }]) => (
            <li key={name}>
              <Member
                name={name}
                schema={{ ...schema, ...(description ? { description } : {}) }}
                schemas={schemas}
                required={false}
              />
            </li>
          ))}
        </ul>
      )}
      <ContentView content={response.content} schemas={schemas} />
      {next.length > 0 && (
        <Group gap="xs">
          <Text c="dimmed">Its id is for</Text>
          {next.map(({ operationId }) => (
            <Anchor key={operationId} component={Link} to="/api/docs" hash={`/operations/${operationId}`}>
              {operationId}
            </Anchor>
          ))}
        </Group>
      )}
    </>
  );
}
