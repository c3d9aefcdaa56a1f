import { Stack, Text, Title } from '@mantine/core';
import { StatusBadge } from '~/parts/badges';
import { DiffView } from '~/parts/JsonView';
import { useBindingNames } from '../actions/useLinked';
import { type Difference, differencesOf } from './differences';
import type { DraftValues } from './model';

interface Props {
  before: DraftValues;
  after: DraftValues;
  /** What to say when there is none. */
  nothing?: string;
}

const WORD = { added: 'added', removed: 'removed', changed: 'changed' } as const;
const TONE = { added: 'good', removed: 'bad', changed: 'info' } as const;

/** Two drafts or versions, part by part. */
export function DraftDifference({ before, after, nothing = 'They are the same.' }: Props) {
  const names = useBindingNames([...before.actions, ...after.actions]);
  const found = differencesOf(before, after, names);
  if (found.length === 0) return <Text c="dimmed">{nothing}</Text>;
  return (
    <Stack gap="md">
      {found.map((one) => (
        <Part key={one.title} one={one} />
      ))}
    </Stack>
  );
}

function Part({ one }: { one: Difference }) {
  return (
    <Stack gap={4} component="section">
      <Title order={2} fz="sm">
        {one.title} <StatusBadge tone={TONE[one.change]}>{WORD[one.change]}</StatusBadge>
      </Title>
      <DiffView before={one.before} after={one.after} label={`${one.title}: before and after`} />
    </Stack>
  );
}
