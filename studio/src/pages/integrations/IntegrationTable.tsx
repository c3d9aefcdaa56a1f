import { Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '~/api/client';
import { EnvironmentDots } from '~/parts/badges';
import { type Column, DataTable } from '~/parts/DataTable';
import { RelativeTime } from '~/parts/time';
import { filledEnvironments, type Kind, type SecretPlaces } from './kinds';
import { LastErrorCell } from './LastError';

interface Props {
  kind: Kind;
  label: string;
  rows: readonly Schemas['Integration'][];
  places: SecretPlaces;
}

export function IntegrationTable({ kind, label, rows, places }: Props) {
  const columns: Column<Schemas['Integration']>[] = [
    { key: 'name', label: 'Name', lead: true, width: '34%', cell: (one) => <NameCell integration={one} /> },
    {
      key: 'actions',
      label: kind === 'mcp_server' ? 'Tools' : 'Actions',
      cell: (one) => one.action_count.toLocaleString(),
    },
    {
      key: 'agents',
      label: 'Agents using it',
      cell: (one) =>
        one.agent_count > 0 ? (
          <Link to="/integrations/$id" params={{ id: one.id }} search={{ tab: 'usage' }}>
            {one.agent_count.toLocaleString()}
          </Link>
        ) : (
          <Text span c="dimmed" size="sm">
            none
          </Text>
        ),
    },
  ];
  columns.push({
    key: 'environments',
    label: 'Set up in',
    cell: (one) => <EnvironmentDots filled={filledEnvironments(one, places)} />,
  });
  if (kind === 'mcp_server') {
    columns.push({
      key: 'fetched',
      label: 'Fetched',
      cell: (one) => <RelativeTime at={one.discovery?.fetched_at} />,
    });
  }
  columns.push({ key: 'error', label: 'Last error', cell: (one) => <LastErrorCell integration={one} /> });
  columns.push({
    key: 'changed',
    label: 'Changed',
    end: true,
    cell: (one) => <RelativeTime at={one.updated_at} />,
  });
  return <DataTable label={label} columns={columns} rows={rows} rowKey={(one) => one.id} />;
}

function NameCell({ integration }: { integration: Schemas['Integration'] }) {
  const line = integration.description || integration.url || integration.from;
  return (
    <Stack gap={0}>
      <Link className="quiet-link" to="/integrations/$id" params={{ id: integration.id }}>
        {integration.name}
      </Link>
      {line && (
        <Text size="xs" c="dimmed" lineClamp={1}>
          {line}
        </Text>
      )}
    </Stack>
  );
}
