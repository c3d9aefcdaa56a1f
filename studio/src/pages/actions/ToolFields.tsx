import { Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { StatusBadge } from '~/parts/badges';
import { JsonView } from '~/parts/JsonView';
import { isObject } from '~/parts/schema/schema';
import { ApproveChange } from './ApproveChange';
import { Section } from './Section';
import type { Action } from './values';

const HINTS: { key: string; yes: string; no?: string; tone: 'good' | 'warn' | 'info' }[] = [
  { key: 'readOnlyHint', yes: 'only reads', tone: 'good' },
  { key: 'destructiveHint', yes: 'may destroy', tone: 'warn' },
  { key: 'idempotentHint', yes: 'may be repeated', tone: 'good' },
  { key: 'openWorldHint', yes: 'reaches the outside world', tone: 'info' },
];

/** What an MCP server says of its tool; read-only, for it is the server's. */
export function ToolFields({ action }: { action: Action }) {
  const tool = action.tool ?? {};
  const annotations = isObject(tool.annotations) ? tool.annotations : {};
  const hints = HINTS.filter((hint) => annotations[hint.key] === true);
  return (
    <>
      {action.change_unapproved && <ApproveChange action={action} />}
      <Section
        title="The tool"
        description={
          <>
            As its server describes it. To see whether that changed, refresh the tools on{' '}
            <Link to="/integrations/$id" params={{ id: action.integration_id }}>
              the integration’s page
            </Link>
            .
          </>
        }
      >
        <Text style={{ whiteSpace: 'pre-wrap' }}>{action.description || 'It has no description.'}</Text>
        {hints.length > 0 && (
          <Group gap={6}>
            <Text size="sm" c="dimmed">
              The server’s annotations:
            </Text>
            {hints.map((hint) => (
              <StatusBadge key={hint.key} tone={hint.tone}>
                {hint.yes}
              </StatusBadge>
            ))}
          </Group>
        )}
        <div className="two-columns">
          <Stack gap={4}>
            <Text fw={500}>Arguments</Text>
            <JsonView value={action.parameters ?? {}} label="schema of the arguments" />
          </Stack>
          <Stack gap={4}>
            <Text fw={500}>As the server sends it</Text>
            <JsonView value={tool} label="tool as its server sent it" />
          </Stack>
        </div>
      </Section>
    </>
  );
}
