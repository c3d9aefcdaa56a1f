import { Button, Group, Modal, Stack, Textarea, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { $api } from '~/api/client';
import { fieldErrors, useForm } from '~/parts/form';
import { ProblemAlert } from '~/parts/ProblemAlert';

export function NewAgentDialog({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const form = useForm({ name: '', description: '' });
  const create = $api.useMutation('post', '/api/v1/agents', { meta: { refreshes: ['/api/v1/agents'] } });
  const errors = fieldErrors(create.error);
  function submit(event: FormEvent) {
    event.preventDefault();
    create.mutate(
      { body: form.values },
      {
        onSuccess: ({ id }) =>
          void navigate({ to: '/agents/$id', params: { id }, search: { tab: 'instructions' } }),
      },
    );
  }
  return (
    <Modal opened onClose={onClose} title="New agent">
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            placeholder="Billing helper"
            required
            data-autofocus
            maxLength={200}
            value={form.values.name}
            onChange={(event) => form.set({ name: event.currentTarget.value })}
            error={errors('/name')}
          />
          <Textarea
            label="Description"
            description="For your team. The model does not see it."
            autosize
            minRows={2}
            value={form.values.description}
            onChange={(event) => form.set({ description: event.currentTarget.value })}
            error={errors('/description')}
          />
          <ProblemAlert error={create.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!form.values.name.trim()} loading={create.isPending}>
              Create agent
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
