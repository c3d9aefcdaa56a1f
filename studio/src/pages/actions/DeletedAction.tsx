import { Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { $api } from '~/api/client';
import { problemOf } from '~/api/problem';
import { EmptyState, ListState } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedButton } from '~/parts/permission';
import { isObject } from '~/parts/schema/schema';
import { RelativeTime } from '~/parts/time';
import { RevisionsTab } from './RevisionsTab';

/** Where the address of a deleted action leads: what it was, and a way back. */
export function DeletedAction({ id }: { id: string }) {
  const revisions = $api.useQuery('get', '/api/v1/actions/{id}/revisions', { params: { path: { id } } });
  const undelete = $api.useMutation('post', '/api/v1/actions/{id}/undelete', {
    meta: { done: 'The action is back; links to it work again', refreshes: ['/api/v1/'] },
  });
  const last = revisions.data?.data[0];
  const shape = last?.before ?? last?.after;
  const name = isObject(shape) && typeof shape.name === 'string' ? shape.name : 'Shared action';
  const unknown = revisions.error !== null && problemOf(revisions.error).status === 404;
  return (
    <div className="page">
      <PageHeader
        title={name}
        crumbs={[
          <Link key="all" to="/integrations">
            Integrations
          </Link>,
          ...(last
            ? [
                <Link key="one" to="/integrations/$id" params={{ id: last.integration_id }}>
                  Its integration
                </Link>,
              ]
            : []),
        ]}
      />
      <ListState
        loading={revisions.isPending}
        problem={unknown ? null : revisions.error}
        onRetry={() => void revisions.refetch()}
        empty={unknown || last === undefined}
        whenEmpty={
          <EmptyState title="There is no such action">
            It may belong to another workspace. Look for it under <Link to="/integrations">Integrations</Link>
            .
          </EmptyState>
        }
      >
        <Stack>
          <EmptyState
            title="This action is deleted"
            action={
              <NeedButton
                need="edit"
                loading={undelete.isPending}
                onClick={() => undelete.mutate({ params: { path: { id } } })}
              >
                Bring it back
              </NeedButton>
            }
          >
            <Text>
              {last && (
                <>
                  Deleted <RelativeTime at={last.at} />.{' '}
                </>
              )}
              Links to it are broken, and agents cannot be published with them. Brought back, it is as it was,
              and the links work at once. If its integration was deleted, bring that back first.
            </Text>
          </EmptyState>
          <ProblemAlert error={undelete.error} />
          <Group>
            <Text fw={600}>What it was</Text>
          </Group>
          <RevisionsTab id={id} />
        </Stack>
      </ListState>
    </div>
  );
}
