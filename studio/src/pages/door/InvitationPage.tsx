import { Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { $api, client, type Schemas } from '~/api/client';
import { fieldErrors, useForm } from '~/parts/form';
import { LoadingRows } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { DoorFrame } from './DoorFrame';
import { enter, tokenOfLink } from './enter';

export function InvitationPage() {
  const [token] = useState(tokenOfLink);
  const inspection = useQuery({
    queryKey: ['invitation', token],
    queryFn: async () => (await client.POST('/api/v1/invitations/inspect', { body: { token } })).data ?? null,
    enabled: token !== '',
    staleTime: Number.POSITIVE_INFINITY,
  });
  const found = inspection.data;
  return (
    <DoorFrame
      title={found ? `Join ${found.workspace.name}` : 'Invitation'}
      lead={found ? `You are invited as ${found.role}.` : undefined}
    >
      {token === '' && (
        <Text>This link is incomplete: copy all of it, including what follows the # sign.</Text>
      )}
      {token !== '' && inspection.isPending && <LoadingRows rows={3} />}
      <ProblemAlert error={inspection.error} />
      {inspection.error && (
        <Anchor component={Link} to="/sign-in">
          Go to sign-in
        </Anchor>
      )}
      {found && <AcceptForm token={token} invitation={found} />}
    </DoorFrame>
  );
}

function AcceptForm({ token, invitation }: { token: string; invitation: Schemas['InvitationView'] }) {
  const navigate = useNavigate();
  const known = invitation.has_account;
  const form = useForm({ name: '', password: '' });
  const accept = $api.useMutation('post', '/api/v1/invitations/accept', {
    meta: { refreshes: [] },
    onSuccess: async (session) => {
      enter(session);
      await navigate({ to: '/integrations', replace: true });
    },
  });
  const errors = fieldErrors(accept.error);
  function submit(event: FormEvent) {
    event.preventDefault();
    accept.mutate({ body: { token, ...form.values } });
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="E-mail"
          readOnly
          autoComplete="username"
          value={invitation.email}
          description={known ? 'You have an account with this address: use its password.' : undefined}
        />
        {!known && (
          <TextInput
            label="Your name"
            autoComplete="name"
            required
            autoFocus
            value={form.values.name}
            onChange={(event) => form.set({ name: event.currentTarget.value })}
            error={errors('/name')}
          />
        )}
        <PasswordInput
          label={known ? 'Password' : 'Choose a password'}
          description={known ? undefined : '12 to 200 characters.'}
          autoComplete={known ? 'current-password' : 'new-password'}
          required
          {...(known ? {} : { minLength: 12, maxLength: 200 })}
          value={form.values.password}
          onChange={(event) => form.set({ password: event.currentTarget.value })}
          error={errors('/password')}
        />
        <ProblemAlert error={accept.error} />
        <Button type="submit" size="sm" loading={accept.isPending}>
          {known ? 'Sign in and join' : 'Create account and join'}
        </Button>
      </Stack>
    </form>
  );
}
