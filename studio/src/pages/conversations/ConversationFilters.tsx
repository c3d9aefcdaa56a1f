import { Button, Group, NativeSelect, Select, TextInput } from '@mantine/core';
import { useList } from '~/api/list';
import { ENVIRONMENT_LABEL, ENVIRONMENTS } from '~/parts/environments';
import { type Filters, instantOf, localOf, OUTCOMES, STATUSES } from './filters';

interface Props {
  filters: Filters;
  onChange: (patch: { [K in keyof Filters]?: Filters[K] | undefined }) => void;
}

/** The filters of the list; they live in the address. */
export function ConversationFilters({ filters, onChange }: Props) {
  const agents = useList('/api/v1/agents', { all: true });
  const some = Object.values(filters).some(Boolean);
  return (
    <Group gap="xs" align="flex-end" mb="sm" role="search" aria-label="Filter conversations">
      <Select
        size="xs"
        label="Agent"
        placeholder="All"
        searchable
        clearable
        w={200}
        data={agents.items.map((one) => ({ value: one.id, label: one.name }))}
        value={filters.agent ?? null}
        onChange={(agent) => onChange({ agent: agent ?? undefined })}
        clearButtonProps={{ 'aria-label': 'All agents' }}
      />
      <NativeSelect
        size="xs"
        label="Environment"
        data={[
          { value: '', label: 'All' },
          ...ENVIRONMENTS.map((one) => ({ value: one, label: ENVIRONMENT_LABEL[one] })),
        ]}
        value={filters.environment ?? ''}
        onChange={(event) =>
          onChange({ environment: ENVIRONMENTS.find((one) => one === event.currentTarget.value) })
        }
      />
      <NativeSelect
        size="xs"
        label="Status"
        data={[
          { value: '', label: 'All' },
          ...STATUSES.map((one) => ({ value: one, label: one.replace('_', ' ') })),
        ]}
        value={filters.status ?? ''}
        onChange={(event) => onChange({ status: STATUSES.find((one) => one === event.currentTarget.value) })}
      />
      <NativeSelect
        size="xs"
        label="With a call that"
        data={[
          { value: '', label: 'All' },
          ...OUTCOMES.map((one) => ({ value: one, label: one === 'refused' ? 'was refused' : one })),
        ]}
        value={filters.outcome ?? ''}
        onChange={(event) => onChange({ outcome: OUTCOMES.find((one) => one === event.currentTarget.value) })}
      />
      <TextInput
        size="xs"
        type="datetime-local"
        label="From"
        value={localOf(filters.from)}
        onChange={(event) => onChange({ from: instantOf(event.currentTarget.value) })}
      />
      <TextInput
        size="xs"
        type="datetime-local"
        label="To"
        value={localOf(filters.to)}
        onChange={(event) => onChange({ to: instantOf(event.currentTarget.value) })}
      />
      {some && (
        <Button
          variant="subtle"
          onClick={() =>
            onChange({
              agent: undefined,
              environment: undefined,
              status: undefined,
              outcome: undefined,
              from: undefined,
              to: undefined,
            })
          }
        >
          Clear
        </Button>
      )}
    </Group>
  );
}
