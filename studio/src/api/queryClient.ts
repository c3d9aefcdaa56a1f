import { notifications } from '@mantine/notifications';
import { MutationCache, type Query, QueryClient } from '@tanstack/react-query';
import { Problem } from './problem';

declare module '@tanstack/react-query' {
  interface Register {
    mutationMeta: {
      /** Path prefixes to read again after it, e.g. `['/api/v1/agents']`. Without it: everything on screen. */
      refreshes?: readonly string[];
      /** What to say when it is done, e.g. `Saved`. */
      done?: string;
    };
  }
}

function underPrefix(query: Query, prefixes: readonly string[]): boolean {
  const path = query.queryKey[1];
  return typeof path === 'string' && prefixes.some((prefix) => path.startsWith(prefix));
}

export const queryClient: QueryClient = new QueryClient({
  mutationCache: new MutationCache({
    onSuccess: async (_data, _variables, _context, mutation) => {
      const meta = mutation.meta;
      // The pointer goes through it: it must not lie on a button, and not stay because the pointer is there.
      if (meta?.done) {
        notifications.show({
          message: meta.done,
          color: 'green',
          autoClose: 3000,
          withCloseButton: false,
          style: { pointerEvents: 'none' },
        });
      }
      const prefixes = meta?.refreshes;
      await queryClient.invalidateQueries(
        prefixes ? { predicate: (query) => underPrefix(query, prefixes) } : undefined,
      );
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      gcTime: 300_000,
      retry: (count, error) => {
        const known = error instanceof Problem && error.status < 500 && error.status !== 0;
        return !known && count < 2;
      },
    },
  },
});

/** Read everything under these paths again. */
export function refresh(...prefixes: string[]): Promise<void> {
  return queryClient.invalidateQueries({ predicate: (query) => underPrefix(query, prefixes) });
}
