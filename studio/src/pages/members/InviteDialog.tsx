import { Button, Group, Modal, Radio, Stack, TextInput } from '@mantine/core';
import type { FormEvent } from 'react';
import { $api, type Schemas } from '~/api/client';
import { useSession } from '~/api/session';
import { fieldErrors, useForm } from '~/parts/form';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { ShownOnce } from '~/parts/ShownOnce';
import { givable, ROLES } from './roles';

/** Makes a link that lets one person in; sending it is up to whoever made it. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const { role: own } = useSession();
  const form = useForm<{ email: string; role: Schemas['Role'] }>({ email: '', role: 'editor' });
  const invite = $api.useMutation('post', '/api/v1/invitations', {
    meta: { refreshes: ['/api/v1/invitations'] },
  });
  const errors = fieldErrors(invite.error);
  const roles = givable(own).map((role) => role.value);

  function submit(event: FormEvent) {
    event.preventDefault();
    invite.mutate({ body: { ...form.values, email: form.values.email.trim() } });
  }

  if (invite.data) {
    return (
      <ShownOnce
        title={`Invitation for ${invite.data.email}`}
        label="Invitation link"
        value={invite.data.link}
        onClose={onClose}
      >
        Send this link yourself: Switchboard sends no mail. It works once, for seven days, and is not shown
        again.
      </ShownOnce>
    );
  }
  return (
    <Modal opened onClose={onClose} title="Invite somebody">
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="E-mail"
            type="email"
            required
            data-autofocus
            value={form.values.email}
            onChange={(event) => form.set({ email: event.currentTarget.value })}
            error={errors('/email')}
          />
          <Radio.Group
            label="Role"
            value={form.values.role}
            onChange={(role) => form.set({ role: role as Schemas['Role'] })}
            error={errors('/role')}
          >
            <Stack gap="xs" mt={6}>
              {ROLES.filter((role) => roles.includes(role.value)).map((role) => (
                <Radio key={role.value} value={role.value} label={role.label} description={role.may} />
              ))}
            </Stack>
          </Radio.Group>
          <ProblemAlert error={invite.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={invite.isPending}>
              Make the link
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
