import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { $api } from '~/api/client';
import { fieldErrors } from '~/parts/form';
import { ProblemAlert } from '~/parts/ProblemAlert';

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = $api.useMutation('put', '/api/v1/session/password', {
    meta: { done: 'Password changed', refreshes: ['/api/v1/session'] },
    onSuccess: onClose,
  });
  const errors = fieldErrors(change.error);
  function submit(event: FormEvent) {
    event.preventDefault();
    change.mutate({ body: { current_password: current, new_password: next } });
  }
  return (
    <Modal opened onClose={onClose} title="Change password">
      <form onSubmit={submit}>
        <Stack>
          <PasswordInput
            label="Current password"
            autoComplete="current-password"
            required
            data-autofocus
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
            error={errors('/current_password')}
          />
          <PasswordInput
            label="New password"
            description="12 to 200 characters."
            autoComplete="new-password"
            required
            minLength={12}
            maxLength={200}
            value={next}
            onChange={(event) => setNext(event.currentTarget.value)}
            error={errors('/new_password')}
          />
          <Text size="xs" c="dimmed">
            Your other sessions end.
          </Text>
          <ProblemAlert error={change.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={change.isPending}>
              Change password
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
