import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { $api } from '~/api/client';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { DoorFrame } from './DoorFrame';
import { enter, safeNext } from './enter';

const route = getRouteApi('/sign-in');

export function SignInPage() {
  const { next } = route.useSearch();
  const router = useRouter();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signIn = $api.useMutation('post', '/api/v1/session', {
    meta: { refreshes: [] },
    onSuccess: (session) => {
      enter(session);
      router.history.replace(safeNext(next));
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    signIn.mutate({ body: { email: email.trim(), password } });
  }
  return (
    <DoorFrame title="Sign in">
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            required
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <ProblemAlert error={signIn.error} />
          <Button type="submit" size="sm" loading={signIn.isPending}>
            Sign in
          </Button>
          <Text size="xs" c="dimmed">
            No account? An admin of your workspace can send you an invitation link.
          </Text>
        </Stack>
      </form>
    </DoorFrame>
  );
}
