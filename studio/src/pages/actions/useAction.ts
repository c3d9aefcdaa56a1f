import { $api } from '~/api/client';

/** An action as it is now. A deleted one is a 404, and may be brought back. */
export function useAction(id: string) {
  return $api.useQuery('get', '/api/v1/actions/{id}', { params: { path: { id } } });
}

export function useIntegration(id: string | undefined) {
  return $api.useQuery(
    'get',
    '/api/v1/integrations/{id}',
    { params: { path: { id: id ?? '' } } },
    { enabled: id !== undefined },
  );
}
