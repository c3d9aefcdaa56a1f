import { Anchor, Button, Code, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { $api } from '~/api/client';
import { fieldErrors, useForm } from '~/parts/form';
import { ListState } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { DoorFrame } from './DoorFrame';
import { enter, tokenOfLink } from './enter';

/** The first start: the owner's account, by the one-use link that the server printed. */
export function SetupPage() {
  const setup = $api.useQuery('get', '/api/v1/setup', {});
  const [token] = useState(tokenOfLink);
  const needed = setup.data?.needed;
  return (
    <DoorFrame
      title={needed === false ? 'Switchboard is set up' : 'Set up Switchboard'}
      lead={needed && token ? 'Create the account of the owner. Others are invited later.' : undefined}
    >
      <ListState
        loading={setup.isPending}
        problem={setup.error}
        onRetry={() => void setup.refetch()}
        empty={needed === false}
        whenEmpty={
          <Text>
            The owner’s account exists already.{' '}
            <Anchor component={Link} to="/sign-in">
              Sign in
            </Anchor>
          </Text>
        }
      >
        {token ? <OwnerForm token={token} /> : <NoToken />}
      </ListState>
    </DoorFrame>
  );
}

function NoToken() {
  return (
    <Stack gap="xs">
      <Text>
        Open the one-use link that the server printed at its first start. It ends in <Code>/setup#…</Code>.
      </Text>
      <Text c="dimmed" size="sm">
        It is in the terminal, or in the log of the service. A restart prints it again as long as there is no
        account.
      </Text>
    </Stack>
  );
}

function OwnerForm({ token }: { token: string }) {
  const navigate = useNavigate();
  const form = useForm({ email: '', name: '', password: '' });
  const create = $api.useMutation('post', '/api/v1/setup', {
    meta: { refreshes: [] },
    onSuccess: async (session) => {
      enter(session);
      await navigate({ to: '/integrations', replace: true });
    },
  });
  const errors = fieldErrors(create.error);
  function submit(event: FormEvent) {
    event.preventDefault();
    create.mutate({ body: { token, ...form.values } });
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          autoFocus
          value={form.values.email}
          onChange={(event) => form.set({ email: event.currentTarget.value })}
          error={errors('/email')}
        />
        <TextInput
          label="Your name"
          autoComplete="name"
          required
          value={form.values.name}
          onChange={(event) => form.set({ name: event.currentTarget.value })}
          error={errors('/name')}
        />
        <PasswordInput
          label="Password"
          description="12 to 200 characters."
          autoComplete="new-password"
          required
          minLength={12}
          maxLength={200}
          value={form.values.password}
          onChange={(event) => form.set({ password: event.currentTarget.value })}
          error={errors('/password')}
        />
        <ProblemAlert error={create.error} />
        <Button type="submit" size="sm" loading={create.isPending}>
          Create the owner’s account
        </Button>
      </Stack>
    </form>
  );
}
