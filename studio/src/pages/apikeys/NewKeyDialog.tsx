import { Button, Group, Modal, Radio, Stack, TextInput } from '@mantine/core';
import type { FormEvent } from 'react';
import { $api } from '~/api/client';
import { fieldErrors, useForm } from '~/parts/form';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { ShownOnce } from '~/parts/ShownOnce';
import { SCOPES } from './scopes';

export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const form = useForm({ name: '', scope: 'run' });
  const create = $api.useMutation('post', '/api/v1/api-keys', { meta: { refreshes: ['/api/v1/api-keys'] } });
  const errors = fieldErrors(create.error);
  function submit(event: FormEvent) {
    event.preventDefault();
    create.mutate({ body: { name: form.values.name.trim(), scope: form.values.scope } });
  }
  if (create.data) {
    return (
      <ShownOnce
        title={`API key ${create.data.name}`}
        label="API key"
        value={create.data.key}
        onClose={onClose}
      >
        Copy it now: only a hash is kept, and it is not shown again. Requests carry it as{' '}
        <span className="mono">Authorization: Bearer {create.data.prefix}…</span>
      </ShownOnce>
    );
  }
  return (
    <Modal opened onClose={onClose} title="New API key">
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            description="What it is for, so that you know later which one to revoke."
            placeholder="voice stack"
            required
            data-autofocus
            value={form.values.name}
            onChange={(event) => form.set({ name: event.currentTarget.value })}
            error={errors('/name')}
          />
          <Radio.Group
            label="Scope"
            value={form.values.scope}
            onChange={(scope) => form.set({ scope })}
            error={errors('/scope')}
          >
            <Stack gap="xs" mt={6}>
              {SCOPES.map((scope) => (
                <Radio key={scope.value} value={scope.value} label={scope.label} description={scope.may} />
              ))}
            </Stack>
          </Radio.Group>
          <ProblemAlert error={create.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              Create key
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
