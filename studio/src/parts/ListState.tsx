import { Skeleton, Stack, Text, Title, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import { ProblemAlert } from './ProblemAlert';

interface Props {
  loading: boolean;
  problem: unknown;
  onRetry?: () => void;
  /** Nothing to show, though all is well. */
  empty: boolean;
  /** What to show then: an `EmptyState`. */
  whenEmpty: ReactNode;
  children: ReactNode;
}

/** The four states of everything that is read: on its way, failed, empty, there. */
export function ListState({ loading, problem, onRetry, empty, whenEmpty, children }: Props) {
  if (problem) return <ProblemAlert error={problem} onRetry={onRetry} />;
  if (loading) return <LoadingRows />;
  return empty ? whenEmpty : children;
}

export function LoadingRows({ rows = 5 }: { rows?: number }) {
  return (
    <Stack gap={10} role="status">
      <VisuallyHidden>Loading…</VisuallyHidden>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all the same.
        <Skeleton key={row} height={34} radius="sm" />
      ))}
    </Stack>
  );
}

interface EmptyProps {
  title: string;
  /** What this is for, in a sentence or two, for somebody who never saw one. */
  children: ReactNode;
  action?: ReactNode;
}

export function EmptyState({ title, children, action }: EmptyProps) {
  return (
    <Stack className="panel" align="center" gap="xs" py="xl" px="md" ta="center">
      <Title order={2}>{title}</Title>
      <Text c="dimmed" maw={520} component="div">
        {children}
      </Text>
      {action}
    </Stack>
  );
}
