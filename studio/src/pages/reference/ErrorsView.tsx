import { Anchor, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Document } from '~/api/document';
import { MethodBadge } from '~/parts/badges';
import type { Operation } from './operations';
import { Prose, Words } from './Prose';
import { ReferenceTitle } from './ReferenceTitle';
import { SchemaView } from './SchemaView';

function wordsOf(document: Document) {
  return document.components.schemas.ErrorCode?.['x-errors'] ?? {};
}

/** Codes with their meaning, in the order of their statuses. */
export function ErrorTable({ codes, document }: { codes: string[]; document: Document }) {
  const words = wordsOf(document);
  return (
    <div className="panel">
      <table className="rows">
        <thead>
          <tr>
            <th>Status</th>
            <th>Code</th>
            <th>What it means</th>
          </tr>
        </thead>
        <tbody>
          {codes.map((code) => (
            <tr key={code}>
              <td data-label="Status">{words[code]?.status}</td>
              <td data-label="Code">
                <Anchor className="mono" component={Link} to="/api/docs" hash={`/errors/${code}`}>
                  {code}
                </Anchor>
              </td>
              <td data-label="What it means">
                <span>
                  <Words>{words[code]?.meaning ?? ''}</Words>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** All codes, and what a problem looks like. */
export function ErrorsView({ document }: { document: Document }) {
  return (
    <Stack gap="lg">
      <ReferenceTitle title="Errors" />
      <Text maw={720}>
        Whatever is not done gets a response of the type{' '}
        <code className="mono">application/problem+json</code>. Its code is stable: programs decide by it, and
        never by a text.
      </Text>
      <ErrorTable codes={Object.keys(wordsOf(document))} document={document} />
      <Stack component="section" gap="xs">
        <Title order={2}>What a problem looks like</Title>
        <SchemaView schema={{ $ref: '#/components/schemas/Problem' }} schemas={document.components.schemas} />
      </Stack>
    </Stack>
  );
}

/** One code: what it means, what to do, and who may get it. */
export function ErrorView({
  code,
  document,
  operations,
}: {
  code: string;
  document: Document;
  operations: Operation[];
}) {
  const words = wordsOf(document)[code];
  const having = operations.filter((one) =>
    Object.values(one.responses).some((of) => of['x-codes']?.includes(code)),
  );
  if (!words) return <ReferenceTitle title={`There is no error code ${code}`} />;
  return (
    <Stack gap="lg">
      <div>
        <ReferenceTitle title={code} />
        <Text c="dimmed">
          Status {words.status} ·{' '}
          <Anchor component={Link} to="/api/docs" hash="/errors">
            All errors
          </Anchor>
        </Text>
      </div>
      <Prose>{words.meaning}</Prose>
      <Stack component="section" gap="xs">
        <Title order={2}>What to do</Title>
        <Prose>{words.advice}</Prose>
      </Stack>
      {having.length > 0 && (
        <Stack component="section" gap="xs">
          <Title order={2}>Operations that respond with it</Title>
          <ul className="reference-plain">
            {having.map((one) => (
              <li key={one.operationId}>
                <MethodBadge method={one.method} />{' '}
                <Anchor component={Link} to="/api/docs" hash={`/operations/${one.operationId}`}>
                  {one.title}
                </Anchor>
              </li>
            ))}
          </ul>
        </Stack>
      )}
    </Stack>
  );
}
