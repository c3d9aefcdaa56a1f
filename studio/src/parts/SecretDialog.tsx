import {
  Button,
  Checkbox,
  Group,
  Modal,
  PasswordInput,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import type { FormEvent } from 'react';
import { $api, type Schemas } from '~/api/client';
import { useCan } from '~/api/session';
import { ENVIRONMENT_LABEL, ENVIRONMENTS, type Environment } from './environments';
import { fieldErrors, useForm } from './form';
import { ProblemAlert } from './ProblemAlert';

interface Props {
  /** The secret whose values to set; none makes a new one. */
  secret?: Schemas['Secret'];
  onClose: () => void;
  onSaved: (name: string) => void;
}

interface Values {
  name: string;
  typed: Record<Environment, string>;
  removed: Record<Environment, boolean>;
  /** One origin on each line. */
  origins: string;
}

const NO_TEXT = { development: '', staging: '', production: '' };
const NO_MARK = { development: false, staging: false, production: false };

/** Sets a secret's values, all three environments at once. What is left empty stays as it was. */
export function SecretDialog({ secret, onClose, onSaved }: Props) {
  const before = secret?.allowed_origins.join('\n') ?? '';
  const form = useForm<Values>({
    name: secret?.name ?? '',
    typed: NO_TEXT,
    removed: NO_MARK,
    origins: before,
  });
  const { name, typed, removed, origins } = form.values;
  const mayAllow = useCan('admin') || !secret;
  const save = $api.useMutation('put', '/api/v1/secrets/{name}', {
    meta: { done: secret ? 'Secret saved' : 'Secret created', refreshes: ['/api/v1/secrets'] },
    onSuccess: () => onSaved(name.trim()),
  });
  const errors = fieldErrors(save.error);
  const lines = origins.split(/\s+/).filter(Boolean);
  const otherOrigins = lines.join('\n') !== before;
  const anything = otherOrigins || ENVIRONMENTS.some((one) => typed[one] || removed[one]);
  const wrongLine = lines.map((_, index) => errors(`/allowed_origins/${index}`)).find(Boolean);

  function submit(event: FormEvent) {
    event.preventDefault();
    // A form in a dialog over another form must not submit that one too.
    event.stopPropagation();
    const values: Schemas['SecretValues'] = {};
    for (const one of ENVIRONMENTS) {
      if (removed[one]) values[one] = null;
      else if (typed[one]) values[one] = typed[one];
    }
    const body: Schemas['SecretInput'] = { values };
    if (otherOrigins) body.allowed_origins = lines;
    save.mutate({ params: { path: { name: name.trim() } }, body });
  }

  return (
    <Modal opened onClose={onClose} title={secret ? `Values of ${secret.name}` : 'New secret'} size="md">
      <form onSubmit={submit} autoComplete="off">
        <Stack gap="sm">
          {!secret && (
            <TextInput
              label="Name"
              description="Integrations refer to it by this name, which never changes."
              placeholder="billing_token"
              required
              data-autofocus
              value={name}
              onChange={(event) => form.set({ name: event.currentTarget.value })}
              error={errors('/name')}
            />
          )}
          {ENVIRONMENTS.map((one) => {
            const isSet = secret?.environments.includes(one) ?? false;
            return (
              <div key={one}>
                <PasswordInput
                  label={ENVIRONMENT_LABEL[one]}
                  placeholder={isSet ? 'Set. Type to replace it.' : 'No value'}
                  autoComplete="off"
                  disabled={removed[one]}
                  value={typed[one]}
                  onChange={(event) => form.set({ typed: { ...typed, [one]: event.currentTarget.value } })}
                  error={errors(`/values/${one}`)}
                />
                {isSet && (
                  <Checkbox
                    mt={4}
                    size="xs"
                    label={`Remove the value in ${one}`}
                    checked={removed[one]}
                    onChange={(event) =>
                      form.set({ removed: { ...removed, [one]: event.currentTarget.checked } })
                    }
                  />
                )}
              </div>
            );
          })}
          <Textarea
            label="May be sent to"
            description={
              mayAllow
                ? 'One origin on each line. If this is empty, the first origin it is tested with or saved for is added.'
                : 'An admin can change where it may be sent.'
            }
            placeholder="https://api.example.com"
            autosize
            minRows={1}
            disabled={!mayAllow}
            value={origins}
            onChange={(event) => form.set({ origins: event.currentTarget.value })}
            error={wrongLine ?? errors('/allowed_origins')}
          />
          <Text size="xs" c="dimmed">
            Values are sealed and never shown again. A conversation uses the value of its own environment
            only.
          </Text>
          <ProblemAlert error={save.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!anything} loading={save.isPending}>
              {secret ? 'Save values' : 'Create secret'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
