import type { Schemas } from '~/api/client';
import { pointerWords } from '~/parts/form';

type Change = Pick<Schemas['LinkChange'], 'change' | 'integration_name'>;

export function changeWords({ change, integration_name }: Change): string {
  switch (change) {
    case 'changed':
      return 'changed';
    case 'deleted':
      return 'was deleted';
    case 'moved':
      return integration_name ? `was moved to ${integration_name}` : 'was moved';
    case 'integration_deleted':
      return integration_name
        ? `went with ${integration_name}, which was deleted`
        : 'went with its integration';
    case 'secret_deleted':
      return 'lost its secret';
  }
}

const FIELDS: Record<string, string> = {
  name: 'Name',
  description: 'Description',
  method: 'Method',
  path: 'Path',
  headers: 'Headers',
  parameters: 'Parameters',
  input_schema: 'Input schema',
  body_template: 'Body',
  output_variables: 'Output variables',
  timeout_ms: 'Time limit',
  integration_id: 'Integration',
};

export function fieldWords(field: string): string {
  return FIELDS[field] ?? field.replaceAll('_', ' ');
}

/** `/states/0/instructions` as people read it. */
export function whereWords(pointer: string): string {
  const state = /^\/states\/(\d+)\/(.+)$/.exec(pointer);
  if (state) return `${pointerWords(`/${state[2]}`)} of state ${Number(state[1]) + 1}`;
  const action = /^\/actions\/(\d+)\/(.+)$/.exec(pointer);
  if (action) return `${pointerWords(`/${action[2]}`)} of action ${Number(action[1]) + 1}`;
  return `the ${pointerWords(pointer)}`;
}

const WEIGHT = { breaking: 0, risky: 1, cosmetic: 2 } as const;

/** What breaks first. */
export function byWeight<T extends { class: keyof typeof WEIGHT }>(changes: readonly T[]): T[] {
  return [...changes].sort((a, b) => WEIGHT[a.class] - WEIGHT[b.class]);
}

/** `2 breaking, 1 risky` */
export function countWords(changes: readonly { class: keyof typeof WEIGHT }[]): string {
  return (Object.keys(WEIGHT) as (keyof typeof WEIGHT)[])
    .map((one) => [one, changes.filter((change) => change.class === one).length] as const)
    .filter(([, count]) => count > 0)
    .map(([one, count]) => `${count} ${one}`)
    .join(', ');
}
