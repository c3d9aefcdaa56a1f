import { Alert, Button, Code, Group, Text } from '@mantine/core';
import IconAlertCircle from '@tabler/icons-react/icons/IconAlertCircle';
import { useState } from 'react';
import { Problem, problemOf } from '~/api/problem';
import { copyText } from './copyText';

interface Props {
  error: unknown;
  keeps: boolean;
  onAgain: () => void;
}

/** In place of what could not be drawn: what happened, whose fault it is, and the ways on. */
export function BrokenPart({ error, keeps, onAgain }: Props) {
  const problem = problemOf(error);
  const details = detailsOf(error);
  const [copied, setCopied] = useState<boolean>();
  const needsReload = problem.code === 'newer_version' || problem.code === 'part_missing';
  return (
    <Alert
      color={problem.code === 'newer_version' ? 'blue' : 'red'}
      variant="light"
      role="alert"
      icon={<IconAlertCircle aria-hidden />}
      title={problem.title}
    >
      <Text size="sm" className="wrap-anywhere">
        {problem.detail}
      </Text>
      {keeps && <Text size="sm">What you typed is kept, and offered back after a reload.</Text>}
      <Group mt="xs" gap="xs">
        <Button variant="default" onClick={() => window.location.reload()}>
          Reload
        </Button>
        {!needsReload && (
          <Button variant="default" onClick={onAgain}>
            Try again
          </Button>
        )}
        <Button variant="subtle" color="gray" onClick={() => void copyText(details).then(setCopied)}>
          {copied ? 'Copied' : 'Copy details'}
        </Button>
      </Group>
      {copied === false && (
        <Code block mt="xs">
          {details}
        </Code>
      )}
    </Alert>
  );
}

/** What helps whoever fixes it: nothing of what was typed. */
export function detailsOf(error: unknown): string {
  const what = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
  const code = error instanceof Problem ? `\n${error.status} ${error.code}: ${error.message}` : '';
  const script = document.querySelector('script[type="module"][src]')?.getAttribute('src') ?? '';
  return [
    `${new Date().toISOString()} ${window.location.pathname}`,
    script,
    navigator.userAgent,
    what + code,
  ].join('\n');
}
