import { ActionIcon, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import IconPlus from '@tabler/icons-react/icons/IconPlus';
import IconTrash from '@tabler/icons-react/icons/IconTrash';
import type { Schemas } from '~/api/client';

type Output = Schemas['OutputVariable'];

interface Props {
  value: readonly Output[];
  onChange: (value: Output[]) => void;
  errors: (pointer: string, under?: 'under') => string | undefined;
}

/** What is taken from a response and becomes a conversation variable. */
export function OutputVariables({ value, onChange, errors }: Props) {
  const change = (index: number, patch: Partial<Output>) =>
    onChange(value.map((one, at) => (at === index ? { ...one, ...patch } : one)));
  return (
    <Stack gap="xs">
      <div>
        <Text size="xs" fw={500}>
          Output variables
        </Text>
        <Text size="xs" c="dimmed">
          Taken from the response by JSONPath; templates, states and the runtime see them.
        </Text>
      </div>
      {value.map((one, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has nothing else to be known by while its name is typed.
        <Group key={index} gap="xs" align="flex-start" wrap="nowrap">
          <TextInput
            size="xs"
            aria-label={`Name of output variable ${index + 1}`}
            placeholder="balance"
            style={{ flex: 1 }}
            value={one.name}
            onChange={(event) => change(index, { name: event.currentTarget.value })}
            error={errors(`output_variables/${index}/name`)}
          />
          <TextInput
            size="xs"
            aria-label={`JSONPath of output variable ${index + 1}`}
            placeholder="$.account.balance"
            styles={{ input: { fontFamily: 'var(--sb-mono)' } }}
            style={{ flex: 2 }}
            value={one.path}
            onChange={(event) => change(index, { path: event.currentTarget.value })}
            error={errors(`output_variables/${index}/path`)}
          />
          <ActionIcon
            mt={4}
            aria-label={`Remove output variable ${one.name || index + 1}`}
            onClick={() => onChange(value.filter((_, at) => at !== index))}
          >
            <IconTrash size={14} />
          </ActionIcon>
        </Group>
      ))}
      <Button
        variant="subtle"
        size="compact-xs"
        style={{ alignSelf: 'flex-start' }}
        leftSection={<IconPlus size={12} aria-hidden />}
        onClick={() => onChange([...value, { name: '', path: '$.' }])}
      >
        Add output variable
      </Button>
    </Stack>
  );
}
