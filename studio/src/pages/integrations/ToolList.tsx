import { Button, Group, Modal, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schemas } from '~/api/client';
import type { List } from '~/api/list';
import { StatusBadge } from '~/parts/badges';
import { type Column, DataTable } from '~/parts/DataTable';
import { JsonView } from '~/parts/JsonView';
import { RelativeTime } from '~/parts/time';
import { ApproveDialog } from './ApproveDialog';

type Tool = Schemas['Action'];

export function ToolList({ tools, list }: { tools: readonly Tool[]; list: List<Tool> }) {
  const [shown, setShown] = useState<Tool | null>(null);
  const [approving, setApproving] = useState<Tool | null>(null);
  const columns: Column<Tool>[] = [
    {
      key: 'name',
      label: 'Tool',
      lead: true,
      cell: (one) => (
        <Stack gap={0}>
          <Link className="quiet-link mono" to="/actions/$id" params={{ id: one.id }}>
            {one.name}
          </Link>
          <Text size="xs" c="dimmed" lineClamp={2} maw={520}>
            {one.description}
          </Text>
        </Stack>
      ),
    },
    { key: 'parameters', label: 'Parameters', cell: (one) => parameterWords(one) },
    { key: 'hints', label: 'Annotations', cell: (one) => hintWords(one) },
    { key: 'changed', label: 'Changed', cell: (one) => <RelativeTime at={one.updated_at} /> },
    {
      key: 'look',
      label: 'Definition',
      quiet: true,
      end: true,
      cell: (one) => (
        <Group gap={6} justify="flex-end" wrap="nowrap">
          {one.change_unapproved && (
            <Button variant="light" color="yellow" size="compact-xs" onClick={() => setApproving(one)}>
              Held: review
            </Button>
          )}
          <Button
            variant="default"
            size="compact-xs"
            aria-label={`Definition of ${one.name}`}
            onClick={() => setShown(one)}
          >
            Definition
          </Button>
        </Group>
      ),
    },
  ];
  return (
    <>
      <DataTable label="Tools" columns={columns} rows={tools} rowKey={(one) => one.id} list={list} />
      {shown && <Definition tool={shown} onClose={() => setShown(null)} />}
      {approving && <ApproveDialog tool={approving} onClose={() => setApproving(null)} />}
    </>
  );
}

function Definition({ tool, onClose }: { tool: Tool; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={<span className="mono">{tool.name}</span>} size="xl">
      <Stack gap="sm">
        {tool.change_unapproved && <StatusBadge tone="warn">changed, not approved yet</StatusBadge>}
        <Text>{tool.description}</Text>
        <Title order={3}>Parameters</Title>
        <JsonView value={tool.parameters ?? {}} label="the parameters" />
        <Title order={3}>As the server sent it</Title>
        <JsonView value={tool.tool ?? {}} label="the tool" />
      </Stack>
    </Modal>
  );
}

function members(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function parameterWords(tool: Tool) {
  const names = Object.keys(members(members(tool.parameters).properties));
  if (names.length === 0)
    return (
      <Text span c="dimmed" size="sm">
        none
      </Text>
    );
  const few = names.slice(0, 4).join(', ');
  return (
    <span className="mono wrap-anywhere" title={names.join(', ')}>
      {names.length > 4 ? `${few}, +${names.length - 4}` : few}
    </span>
  );
}

const HINTS: [string, string][] = [
  ['readOnlyHint', 'only reads'],
  ['destructiveHint', 'may destroy'],
  ['idempotentHint', 'may be repeated'],
];

function hintWords(tool: Tool) {
  const annotations = members(members(tool.tool).annotations);
  const words = HINTS.filter(([key]) => annotations[key] === true).map(([, word]) => word);
  return words.length > 0 ? (
    words.join(', ')
  ) : (
    <Text span c="dimmed" size="sm">
      nothing
    </Text>
  );
}
