import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { $api, type Schemas } from '~/api/client';
import { StatusBadge } from '~/parts/badges';
import { ListState } from '~/parts/ListState';
import { CallForm } from './CallForm';
import { kindWords } from './kinds';

type Tool = Schemas['Tool'];

/** What is callable now, with a form to call it; and why the others are not. */
export function Tools({ conversation }: { conversation: Schemas['Conversation'] }) {
  const read = $api.useQuery('get', '/api/v1/conversations/{id}/tools', {
    params: { path: { id: conversation.id } },
  });
  const [open, setOpen] = useState<string>();
  const answer = read.data && 'tools' in read.data ? read.data : undefined;
  const tools = answer?.tools ?? [];
  const unavailable = answer?.unavailable ?? [];
  return (
    <>
      <Stack gap="xs" component="section" aria-labelledby="playground-tools">
        <Title order={2} id="playground-tools">
          Callable now
        </Title>
        <ListState
          loading={read.isPending}
          problem={read.error}
          onRetry={() => void read.refetch()}
          empty={tools.length === 0}
          whenEmpty={
            <Text c="dimmed" size="sm">
              {conversation.status === 'closed'
                ? 'The conversation is closed: nothing is callable any more.'
                : unavailable.length > 0
                  ? 'Nothing now; see below why.'
                  : 'This version has no actions. Add some on the Actions tab.'}
            </Text>
          }
        >
          <ul className="panel event-list" aria-label="Callable actions">
            {tools.map((tool) => (
              <ToolRow
                key={tool.name}
                tool={tool}
                open={open === tool.name}
                onToggle={() => setOpen(open === tool.name ? undefined : tool.name)}
                conversationId={conversation.id}
              />
            ))}
          </ul>
        </ListState>
      </Stack>
      {unavailable.length > 0 && (
        <Stack gap="xs" component="section" aria-labelledby="playground-unavailable">
          <Title order={2} id="playground-unavailable">
            Not callable now
          </Title>
          <ul className="panel event-list">
            {unavailable.map((one) => (
              <li key={`${one.binding_id}/${one.name}`} className="event-row" style={{ padding: '7px 10px' }}>
                <Group gap={8}>
                  <b className="mono">{one.name}</b>
                  <StatusBadge tone="warn">{one.code.replaceAll('_', ' ')}</StatusBadge>
                </Group>
                <Text size="sm" c="dimmed" className="wrap-anywhere">
                  {one.reason}
                </Text>
              </li>
            ))}
          </ul>
        </Stack>
      )}
    </>
  );
}

interface RowProps {
  tool: Tool;
  open: boolean;
  onToggle: () => void;
  conversationId: string;
}

function ToolRow({ tool, open, onToggle, conversationId }: RowProps) {
  const left = tool.remaining_successful_calls;
  const notes = (tool.notes ?? []).filter((one) => one.severity !== 'rewritten');
  return (
    <li className="event-row">
      <Group gap={8} px={10} py={7} wrap="nowrap" align="flex-start">
        <div style={{ flex: 1, minWidth: 0 }}>
          <Group gap={8}>
            <b className="mono wrap-anywhere">{tool.name}</b>
            <Text span size="xs" c="dimmed">
              {kindWords(tool.kind)}
              {left !== undefined && `, ${left} left`}
            </Text>
            {notes.map((note) => (
              <StatusBadge key={`${note.provider}/${note.rule}`} tone="warn">
                {`${note.provider}: ${note.rule.replaceAll('_', ' ')}`}
              </StatusBadge>
            ))}
          </Group>
          <Text size="sm" c="dimmed">
            {tool.description}
          </Text>
        </div>
        <Button
          variant={open ? 'default' : 'light'}
          aria-expanded={open}
          aria-label={`${open ? 'Close the form of' : 'Call'} ${tool.name}`}
          onClick={onToggle}
        >
          {open ? 'Close' : 'Call'}
        </Button>
      </Group>
      {open && (
        <div style={{ padding: '4px 10px 12px' }}>
          <CallForm tool={tool} conversationId={conversationId} />
        </div>
      )}
    </li>
  );
}
