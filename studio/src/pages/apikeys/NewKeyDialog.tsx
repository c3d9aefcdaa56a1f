import { Button, Group, Modal, NativeSelect, Radio, Stack, TextInput } from '@mantine/core';
import type { FormEvent } from 'react';
import { $api, type Schemas } from '~/api/client';
import { fieldErrors, useForm } from '~/parts/form';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { ShownOnce } from '~/parts/ShownOnce';
import { SCOPES } from './scopes';

const EXPIRIES = [
  { value: '', label: 'Never: valid until it is revoked' },
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
];

function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString();
}

export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const form = useForm({ name: '', scope: 'run' as Schemas['Scope'], days: '' });
  const create = $api.useMutation('post', '/api/v1/api-keys', { meta: { refreshes: ['/api/v1/api-keys'] } });
  const errors = fieldErrors(create.error);
  function submit(event: FormEvent) {
    event.preventDefault();
    const { name, scope, days } = form.values;
    create.mutate({ body: { name: name.trim(), scope, expires_at: days ? inDays(Number(days)) : null } });
  }
  if (create.data) {
    return (
      <ShownOnce
        title={`API key ${create.data.name}`}
        label="API key"
        value={create.data.key}
        onClose={onClose}
      >
        Copy it now: only a hash is kept, and it is not shown again. Requests send it as{' '}
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
          <NativeSelect
            label="Expires"
            description="From then on it is refused, and its streams end."
            data={EXPIRIES}
            value={form.values.days}
            onChange={(event) => form.set({ days: event.currentTarget.value })}
            error={errors('/expires_at')}
          />
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
