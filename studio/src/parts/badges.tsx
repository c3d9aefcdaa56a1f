import { Group } from '@mantine/core';
import { ENVIRONMENT_LABEL, ENVIRONMENTS, type Environment } from './environments';

export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'plain';

/** A word about a thing's state. The word says it; the colour only repeats it. Cheap: lists have thousands. */
export function StatusBadge({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className="chip" data-tone={tone}>
      {children}
    </span>
  );
}

const METHOD_TONE: Record<string, Tone> = {
  GET: 'info',
  POST: 'good',
  PUT: 'warn',
  PATCH: 'warn',
  DELETE: 'bad',
};

export function MethodBadge({ method }: { method: string }) {
  return (
    <span className="chip mono" data-tone={METHOD_TONE[method] ?? 'plain'} style={{ minWidth: '4rem' }}>
      {method}
    </span>
  );
}

export type ChangeClass = 'breaking' | 'risky' | 'cosmetic';

const CLASS_TONE: Record<ChangeClass, Tone> = { breaking: 'bad', risky: 'warn', cosmetic: 'plain' };

/** What a change of a shared action means for an agent. */
export function ClassBadge({ value }: { value: ChangeClass }) {
  return <StatusBadge tone={CLASS_TONE[value]}>{value}</StatusBadge>;
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
          <span
            key={environment}
            className="chip"
            data-tone={on ? 'good' : 'empty'}
            role="img"
            title={words}
            aria-label={words}
          >
            {SHORT[environment]}
          </span>
        );
      })}
    </Group>
  );
}
