import { Badge, Group, Tooltip } from '@mantine/core';
import { ENVIRONMENT_LABEL, ENVIRONMENTS, type Environment } from './environments';

const TONE = {
  good: 'green',
  bad: 'red',
  warn: 'yellow',
  info: 'blue',
  plain: 'gray',
} as const;

export type Tone = keyof typeof TONE;

/** A word about a thing's state. The word says it; the colour only repeats it. */
export function StatusBadge({ tone, children }: { tone: Tone; children: string }) {
  return (
    <Badge size="sm" radius="sm" variant="light" color={TONE[tone]} tt="none" fw={500}>
      {children}
    </Badge>
  );
}

const METHOD_COLOR: Record<string, string> = {
  GET: 'blue',
  POST: 'green',
  PUT: 'orange',
  PATCH: 'orange',
  DELETE: 'red',
};

export function MethodBadge({ method }: { method: string }) {
  return (
    <Badge
      size="sm"
      radius="sm"
      variant="light"
      color={METHOD_COLOR[method] ?? 'gray'}
      className="mono"
      miw={58}
    >
      {method}
    </Badge>
  );
}

export type ChangeClass = 'breaking' | 'risky' | 'cosmetic';

/** What a change of a shared action means for an agent. */
export function ClassBadge({ value }: { value: ChangeClass }) {
  const tone: Record<ChangeClass, Tone> = { breaking: 'bad', risky: 'warn', cosmetic: 'plain' };
  return <StatusBadge tone={tone[value]}>{value}</StatusBadge>;
}

const SHORT: Record<Environment, string> = { development: 'dev', staging: 'stg', production: 'prod' };

/** Which of the three environments are filled. */
export function EnvironmentDots({ filled }: { filled: readonly Environment[] }) {
  return (
    <Group gap={4} wrap="nowrap">
      {ENVIRONMENTS.map((environment) => {
        const on = filled.includes(environment);
        const words = `${ENVIRONMENT_LABEL[environment]}: ${on ? 'set' : 'empty'}`;
        return (
          <Tooltip key={environment} label={words}>
            <Badge
              size="sm"
              radius="sm"
              variant={on ? 'light' : 'default'}
              color={on ? 'green' : 'gray'}
              tt="none"
              fw={500}
              td={on ? undefined : 'line-through'}
              role="img"
              aria-label={words}
            >
              {SHORT[environment]}
            </Badge>
          </Tooltip>
        );
      })}
    </Group>
  );
}
