import '@mantine/spotlight/styles.css';
import { useDebouncedValue } from '@mantine/hooks';
import { createSpotlight, Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import IconSearch from '@tabler/icons-react/icons/IconSearch';
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useList } from '~/api/list';
import { useCan } from '~/api/session';
import { searched } from '~/parts/SearchField';
import { stopEarlyKeys } from './earlyKeys';
import { PAGES } from './pages';

const [store, spotlight] = createSpotlight();

/** How many of each kind are asked for. */
const MOST = 12;

/** The dialog has a name for screen readers only. */
const HIDDEN = {
  position: 'absolute',
  width: 1,
  height: 1,
  minHeight: 0,
  overflow: 'hidden',
  clipPath: 'inset(50%)',
} as const;

interface Props {
  /** What it searches for: also what was typed before it was there. */
  query: string;
  onQuery: (query: string) => void;
  onClose: () => void;
  onShortcuts: () => void;
}

/** The command palette: pages, integrations, agents, shared actions, and things to do. */
export function Palette({ query, onQuery, onClose, onShortcuts }: Props) {
  const navigate = useNavigate();
  const mayEdit = useCan('edit');
  const searching = query.trim().length > 1;
  const [words] = useDebouncedValue(query, 150);
  const asked = { query: { ...searched(words), limit: MOST }, enabled: searching };
  const integrations = useList('/api/v1/integrations', asked);
  const agents = useList('/api/v1/agents', asked);
  const actions = useList('/api/v1/actions', asked);
  useEffect(() => {
    spotlight.open();
    return stopEarlyKeys;
  }, []);

  const go = (run: () => unknown) => () => {
    onClose();
    void run();
  };
  const groups: SpotlightActionGroupData[] = [
    {
      group: 'Pages',
      actions: PAGES.map((page) => ({
        id: page.to,
        label: page.label,
        leftSection: <page.icon size={16} />,
        onClick: go(() => navigate({ to: page.to })),
      })),
    },
    {
      group: 'Integrations',
      actions: integrations.items.map((one) => ({
        id: one.id,
        label: one.name,
        description: one.description,
        onClick: go(() => navigate({ to: '/integrations/$id', params: { id: one.id } })),
      })),
    },
    {
      group: 'Agents',
      actions: agents.items.map((one) => ({
        id: one.id,
        label: one.name,
        description: one.description,
        onClick: go(() => navigate({ to: '/agents/$id', params: { id: one.id } })),
      })),
    },
    {
      group: 'Shared actions',
      actions: actions.items.map((one) => ({
        id: one.id,
        label: one.name,
        description: one.description,
        onClick: go(() => navigate({ to: '/actions/$id', params: { id: one.id } })),
      })),
    },
    {
      group: 'Commands',
      actions: [
        ...(mayEdit
          ? [
              {
                id: 'new-api',
                label: 'Add a custom API',
                onClick: go(() => navigate({ to: '/integrations/new/custom-api' })),
              },
              {
                id: 'new-mcp',
                label: 'Add an MCP server',
                onClick: go(() => navigate({ to: '/integrations/new/mcp-server' })),
              },
              {
                id: 'new-channel',
                label: 'Add a messaging channel',
                onClick: go(() => navigate({ to: '/integrations/new/messaging-channel' })),
              },
            ]
          : []),
        { id: 'shortcuts', label: 'Show keyboard shortcuts', onClick: go(onShortcuts) },
      ],
    },
  ];
  return (
    <Spotlight
      store={store}
      actions={searching ? groups : groups.slice(0, 1).concat(groups.slice(4))}
      query={query}
      onQueryChange={onQuery}
      onSpotlightClose={onClose}
      shortcut={null}
      title="Search"
      styles={{ header: HIDDEN }}
      limit={12}
      scrollable
      maxHeight={420}
      nothingFound="Nothing has that in its name"
      searchProps={{
        leftSection: <IconSearch size={16} />,
        placeholder: 'Search pages, integrations, agents, actions',
        'aria-label': 'Search',
      }}
    />
  );
}
