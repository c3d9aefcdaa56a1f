import { Stack, Text } from '@mantine/core';
import { client, type Schemas } from '~/api/client';
import { AffectedList } from '~/parts/AffectedList';
import { ConfirmDelete } from '~/parts/ConfirmDelete';
import { UseList } from '~/parts/UsedBy';

export function DeleteSecret({ secret, onClose }: { secret: Schemas['Secret']; onClose: () => void }) {
  const path = { name: secret.name };
  return (
    <ConfirmDelete
      title={`Delete the secret ${secret.name}?`}
      confirmLabel={secret.used_by.length > 0 ? 'Delete although it is in use' : 'Delete'}
      load={async () => {
        const { data } = await client.DELETE('/api/v1/secrets/{name}', {
          params: { path, query: { dry_run: true, force: true } },
        });
        return data ?? null;
      }}
      affected={(report) => (
        <Stack gap="xs">
          {secret.used_by.length > 0 && (
            <div>
              <Text fw={600}>Used by</Text>
              <UseList uses={secret.used_by} />
            </div>
          )}
          {report && <AffectedList report={report} nobody="No agent depends on it." />}
        </Stack>
      )}
      onConfirm={() => client.DELETE('/api/v1/secrets/{name}', { params: { path, query: { force: true } } })}
      meta={{ done: `Deleted ${secret.name}`, refreshes: ['/api/v1/secrets'] }}
      onClose={onClose}
    >
      Its values are gone for good. Calls that need it fail with a clear error, and send nothing, until a
      secret of this name is there again.
    </ConfirmDelete>
  );
}
