import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState, useSyncExternalStore } from 'react';
import { $api, client } from '~/api/client';
import { currentSession, putSession, signInRequest, useSession } from '~/api/session';
import { ProblemAlert } from '~/parts/ProblemAlert';

/** Over the page when the session has ended in mid-work; the page below keeps all that was typed. */
export function SignInDialog() {
  const pending = useSyncExternalStore(signInRequest.subscribe, signInRequest.pending);
  return pending ? <Dialog /> : null;
}

function Dialog() {
  const { user } = useSession();
  const [password, setPassword] = useState('');
  const signIn = $api.useMutation('post', '/api/v1/session', { meta: { refreshes: [] } });

  async function submit(event: FormEvent) {
    event.preventDefault();
    event.stopPropagation();
    const before = currentSession();
    const session = await signIn.mutateAsync({ body: { email: user.email, password } }).catch(() => null);
    if (!session) return;
    // Back to the workspace that the page below is about, not the one a new session starts in.
    putSession(before ? { ...session, workspace: before.workspace } : session);
    if (before && before.workspace.id !== session.workspace.id) {
      const body = { workspace_id: before.workspace.id };
      const moved = await client.PUT('/api/v1/session/workspace', { body }).catch(() => null);
      if (moved?.data) putSession(moved.data);
    }
    signInRequest.answer(true);
  }

  return (
    <Modal
      opened
      onClose={() => signInRequest.answer(false)}
      title="Your session has ended"
      closeOnClickOutside={false}
      zIndex={1000}
    >
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          <Text c="dimmed">Sign in again to continue. Nothing you typed is lost.</Text>
          <TextInput label="E-mail" value={user.email} readOnly autoComplete="username" />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            data-autofocus
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <ProblemAlert error={signIn.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => signInRequest.answer(false)}>
              Not now
            </Button>
            <Button type="submit" loading={signIn.isPending}>
              Sign in and continue
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
