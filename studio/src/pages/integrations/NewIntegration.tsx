import { Button, Group, Stack } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import { $api, type Schemas } from '~/api/client';
import type { Problem } from '~/api/problem';
import { fieldErrors, useForm } from '~/parts/form';
import { PageHeader } from '~/parts/PageHeader';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedFields } from '~/parts/permission';
import { UnsavedGuard } from '~/parts/UnsavedGuard';
import { KindFields } from './KindFields';
import type { Kind } from './kinds';
import { formOf, type IntegrationForm, inputOf, problemOfInput } from './model';
import { TestConnection } from './TestConnection';

interface Props {
  kind: Kind;
  title: string;
  description: ReactNode;
  submitLabel: string;
  start?: Partial<IntegrationForm>;
}

/** The page for a new integration of one kind: one form, one button. */
export function NewIntegration({ kind, title, description, submitLabel, start }: Props) {
  const navigate = useNavigate();
  const form = useForm<IntegrationForm>(() => ({ ...formOf(), ...start }));
  const [leaving, setLeaving] = useState(false);
  const [incomplete, setIncomplete] = useState<Problem | null>(null);
  const create = $api.useMutation('post', '/api/v1/integrations', {
    meta: { refreshes: ['/api/v1/integrations', '/api/v1/secrets'] },
  });
  const error = incomplete ?? create.error;

  async function submit(event: FormEvent) {
    event.preventDefault();
    const body = { kind, ...inputOf(form.values, kind) } as Schemas['IntegrationInput'];
    const wrong = problemOfInput(body);
    setIncomplete(wrong);
    if (wrong) return;
    const made = await create.mutateAsync({ body }).catch(() => null);
    if (!made) return;
    setLeaving(true);
    await navigate({ to: '/integrations/$id', params: { id: made.id }, ignoreBlocker: true });
  }
  return (
    <div className="page">
      <PageHeader
        title={title}
        description={description}
        crumbs={[
          <Link key="all" to="/integrations">
            Integrations
          </Link>,
          <span key="new">New</span>,
        ]}
      />
      <NeedFields need="edit">
        <form onSubmit={(event) => void submit(event)} autoComplete="off">
          <Stack gap="md">
            <KindFields kind={kind} form={form} errors={fieldErrors(error)} />
            <TestConnection kind={kind} values={form.values} />
            <ProblemAlert error={error} />
            <Group>
              <Button type="submit" loading={create.isPending}>
                {submitLabel}
              </Button>
              <Button variant="default" component={Link} to="/integrations">
                Cancel
              </Button>
            </Group>
          </Stack>
        </form>
      </NeedFields>
      <UnsavedGuard when={form.dirty && !leaving} />
    </div>
  );
}
