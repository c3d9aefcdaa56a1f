import { type InfiniteData, useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { client, type Paths } from './client';
import type { Problem } from './problem';

type Answer<P extends keyof Paths> = Paths[P] extends {
  get: { responses: { 200: { content: { 'application/json': infer T } } } };
}
  ? T
  : never;

type ListAnswer<T> = { data: T[]; next?: string | null };

/** The paths whose GET answers `{data, next}`. */
export type ListPath = {
  [P in keyof Paths]: Answer<P> extends ListAnswer<unknown> ? P : never;
}[keyof Paths];

export type Item<P extends ListPath> = Answer<P> extends ListAnswer<infer T> ? T : never;

type Get<P extends ListPath> = Paths[P] extends { get: infer G } ? G : never;
type Param<P extends ListPath, Kind extends 'query' | 'path'> =
  Get<P> extends {
    parameters: { [K in Kind]?: infer Q };
  }
    ? Q
    : never;

export interface ListOptions<P extends ListPath> {
  path?: Param<P, 'path'>;
  query?: Omit<NonNullable<Param<P, 'query'>>, 'after'>;
  /** Keep reading until the end; for a search over all of it. */
  all?: boolean;
  enabled?: boolean;
  refetchInterval?: number | false;
}

export interface List<T> {
  items: T[];
  /** The first page is on its way. */
  loading: boolean;
  problem: Problem | null;
  more: boolean;
  loadingMore: boolean;
  loadMore: () => void;
  retry: () => void;
}

function isSameList(key: readonly unknown[] | undefined, path: string, of: unknown): boolean {
  const init = key?.[2] as { params: { path?: unknown } } | undefined;
  return key?.[1] === path && JSON.stringify(init?.params.path) === JSON.stringify(of);
}

/** A list of the API, page after page: `const secrets = useList('/api/v1/secrets')`. */
export function useList<P extends ListPath>(path: P, options: ListOptions<P> = {}): List<Item<P>> {
  const { all = false, enabled = true, refetchInterval = false } = options;
  const init = { params: { path: options.path, query: { limit: 100, ...options.query } } };
  const read = useInfiniteQuery<
    ListAnswer<Item<P>>,
    Problem,
    InfiniteData<ListAnswer<Item<P>>>,
    readonly unknown[],
    string | undefined
  >({
    queryKey: ['list', path, init],
    enabled,
    refetchInterval,
    // While another search is on its way, what is shown stays.
    placeholderData: (before, asked) =>
      isSameList(asked?.queryKey, path, options.path) ? before : undefined,
    initialPageParam: undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...init.params.query, after: pageParam };
      const request = { signal, params: { path: options.path, query } };
      // The types of path and query were checked on the way in; openapi-fetch cannot follow a generic path.
      const { data } = await client.request('get', path as never, request as never);
      return data as unknown as ListAnswer<Item<P>>;
    },
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = read;
  useEffect(() => {
    if (all && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [all, hasNextPage, isFetchingNextPage, fetchNextPage]);
  const items = useMemo(() => read.data?.pages.flatMap((page) => page.data) ?? [], [read.data]);
  return {
    items,
    loading: read.isPending && enabled,
    problem: read.error,
    more: hasNextPage,
    loadingMore: isFetchingNextPage,
    loadMore: () => void fetchNextPage(),
    retry: () => void read.refetch(),
  };
}
