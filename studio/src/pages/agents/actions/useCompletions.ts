import { useMemo } from 'react';
import { useList } from '~/api/list';
import type { Completion } from '~/parts/CodeMirror';
import type { JsonSchema } from '../draft/model';
import { useDraft } from '../draft/useDraft';
import { useLinked } from './useLinked';

const BUILT_IN: Completion[] = [
  { label: 'variables.call.from', detail: 'who called' },
  { label: 'variables.call.to', detail: 'who was called' },
  { label: 'variables.conversation.id', detail: 'this conversation' },
];

/** What a template of this agent may use: parameters, what actions put into variables, workspace variables. */
export function useCompletions(parameters?: JsonSchema | null): readonly Completion[] {
  const { values } = useDraft();
  const linked = useLinked(values.actions);
  const workspace = useList('/api/v1/variables', { all: true });
  const outputs = values.actions.flatMap((binding) => {
    const found = linked.get(binding.key);
    if (found?.state === 'live' || found?.state === 'moved') {
      const outputs = found.action.output_variables ?? [];
      return outputs.map((one) => ({ name: one.name, from: found.action.name }));
    }
    const own = binding.action?.kind === 'api_call' ? binding.action : undefined;
    return (own?.output_variables ?? []).map((one) => ({ name: one.name, from: own?.name ?? '' }));
  });
  const names = Object.keys((parameters?.properties ?? {}) as object);
  const words = JSON.stringify([outputs, names, workspace.items.map((one) => one.name)]);
  // The editor starts anew with other completions, so they are other ones only when they differ.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `words` has all of them.
  return useMemo(
    () => [
      ...names.map((name) => ({ label: `parameters.${name}`, detail: 'argument' })),
      ...outputs.map((one) => ({ label: `variables.${one.name}`, detail: `set by ${one.from}` })),
      ...BUILT_IN,
      ...workspace.items.map((one) => ({ label: `workspace.${one.name}`, detail: 'workspace variable' })),
    ],
    [words],
  );
}
