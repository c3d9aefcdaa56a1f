import { Alert, Button, Group, List, Text } from '@mantine/core';
import IconAlertCircle from '@tabler/icons-react/icons/IconAlertCircle';
import type { ReactNode } from 'react';
import { problemOf } from '~/api/problem';
import { pointerWords } from './form';

interface Props {
  error: unknown;
  /** A button to try again. */
  onRetry?: (() => void) | undefined;
  /** More to do about it, e.g. to show somebody else's change. */
  children?: ReactNode;
}

/** What went wrong, where, and what to do. Draws nothing without an error. */
export function ProblemAlert({ error, onRetry, children }: Props) {
  if (!error) return null;
  const problem = problemOf(error);
  const title = problem.isStale ? 'Somebody else changed this in the meantime' : titleOf(problem.title);
  return (
    <Alert color="red" variant="light" role="alert" icon={<IconAlertCircle aria-hidden />} title={title}>
      {problem.detail && problem.code !== 'invalid_input' && (
        <Text size="sm" className="wrap-anywhere">
          {sentence(problem.detail)}
        </Text>
      )}
      {problem.errors.length > 0 && (
        <List size="sm" mt={4}>
          {problem.errors.map((one) => (
            <List.Item key={`${one.pointer}:${one.detail}`} className="wrap-anywhere">
              {one.pointer && <b>{pointerWords(one.pointer)}: </b>}
              {one.detail}
            </List.Item>
          ))}
        </List>
      )}
      {(onRetry || children) && (
        <Group mt="xs" gap="xs">
          {onRetry && (
            <Button variant="default" onClick={onRetry}>
              Try again
            </Button>
          )}
          {children}
        </Group>
      )}
    </Alert>
  );
}

const TITLES: Record<string, string> = {
  'Unprocessable Entity': 'Some of this is not valid yet',
  'Bad Request': 'The server could not read this',
  'Not Found': 'Not found',
  Conflict: 'This is not possible now',
  Forbidden: 'You may not do this',
  Unauthorized: 'Not signed in',
  'Too Many Requests': 'Too many attempts',
};

function titleOf(title: string): string {
  return TITLES[title] ?? title;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
