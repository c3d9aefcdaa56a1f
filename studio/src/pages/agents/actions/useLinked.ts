import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { $api, type Schemas } from '~/api/client';
import { useList } from '~/api/list';
import { actionOptions } from '~/api/one';
import { problemOf } from '~/api/problem';
import type { BindingValues } from '../draft/model';

export type Action = Schemas['Action'];

/** A linked shared action as it is now. */
export type Linked =
  | { state: 'loading' }
  | { state: 'live'; action: Action }
  /** It lives under another integration than the one that was linked. */
  | { state: 'moved'; action: Action }
  | { state: 'deleted' }
  | { state: 'failed'; error: unknown };

export type LinkedActions = ReadonlyMap<string, Linked>;

/** The shared actions that these bindings link, by the binding's key. */
export function useLinked(bindings: readonly BindingValues[]): LinkedActions {
  const links = bindings.filter((one) => one.link);
  return useQueries({
    queries: links.map((one) => actionOptions(one.link?.action_id ?? '')),
    combine: (answers) =>
      new Map(
        links.map((binding, index): [string, Linked] => {
          const answer = answers[index];
          if (answer?.data) {
            const linked = binding.link?.integration_id;
            const moved = linked !== undefined && linked !== answer.data.integration_id;
            return [binding.key, { state: moved ? 'moved' : 'live', action: answer.data }];
          }
          if (!answer?.error) return [binding.key, { state: 'loading' }];
          const gone = problemOf(answer.error).status === 404;
          return [binding.key, gone ? { state: 'deleted' } : { state: 'failed', error: answer.error }];
        }),
      ),
  });
}

/** Names of linked actions by their id; of deleted ones from their history. */
export function useBindingNames(bindings: readonly BindingValues[]): ReadonlyMap<string, string> {
  const ids = [...new Set(bindings.flatMap((one) => (one.link ? [one.link.action_id] : [])))];
  const living = useQueries({
    queries: ids.map(actionOptions),
    combine: (answers) =>
      ids.map((id, index) => ({
        id,
        name: answers[index]?.data?.name,
        gone: Boolean(answers[index]?.error),
      })),
  });
  const gone = living.filter((one) => one.gone).map((one) => one.id);
  const last = useQueries({
    queries: gone.map((id) =>
      $api.queryOptions('get', '/api/v1/actions/{id}/revisions', {
        params: { path: { id }, query: { limit: 1 } },
      }),
    ),
    combine: (answers) =>
      gone.map((id, index) => ({ id, name: nameIn(answers[index]?.data?.data[0]?.after) })),
  });
  return new Map([...living, ...last].flatMap(({ id, name }) => (name ? [[id, name] as const] : [])));
}

function nameIn(shape: unknown): string | undefined {
  if (typeof shape !== 'object' || shape === null || !('name' in shape)) return undefined;
  return typeof shape.name === 'string' ? shape.name : undefined;
}

/** All integrations by their id. */
export function useIntegrations() {
  const list = useList('/api/v1/integrations', { all: true });
  const byId = useMemo(() => new Map(list.items.map((one) => [one.id, one])), [list.items]);
  return { list, byId };
}
