import { Button, Group, Select } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import IconPlus from '@tabler/icons-react/icons/IconPlus';
import { lazy, type ReactNode, Suspense, useContext } from 'react';
import { chunk } from '~/api/chunk';
import { useList } from '~/api/list';
import { useCan } from '~/api/session';
import { EnvironmentScope } from './environments';

const SecretDialog = lazy(() =>
  chunk(() => import('./SecretDialog').then((m) => ({ default: m.SecretDialog }))),
);

interface Props {
  label: string;
  description?: ReactNode;
  error?: ReactNode;
  required?: boolean;
  /** The secret's name, or empty. */
  value: string;
  onChange: (name: string) => void;
}

/** Choose a secret by name, or make one here. Values go to the server and never come back. */
export function SecretPicker({ label, description, error, required = false, value, onChange }: Props) {
  const secrets = useList('/api/v1/secrets', { all: true });
  const scope = useContext(EnvironmentScope);
  const [creating, create] = useDisclosure(false);
  const mayEdit = useCan('edit');
  const chosen = secrets.items.find((one) => one.name === value);
  const missing = chosen ? scope.filter((one) => !chosen.environments.includes(one)) : [];
  const names = secrets.items.map((one) => one.name);
  const hint =
    value && !secrets.loading && !chosen
      ? 'This secret does not exist any more.'
      : missing.length > 0
        ? `No value in ${missing.join(', ')}.`
        : undefined;
  return (
    <div>
      <Select
        label={label}
        description={description}
        error={error ?? (chosen ? undefined : hint)}
        withAsterisk={required}
        placeholder={secrets.loading ? 'Loading…' : 'Choose a secret'}
        data={value && !names.includes(value) ? [value, ...names] : names}
        value={value || null}
        onChange={(name) => onChange(name ?? '')}
        searchable
        nothingFoundMessage="No secret has that name"
      />
      <Group gap={4} mt={2} justify="space-between">
        {mayEdit && (
          <Button
            variant="subtle"
            size="compact-xs"
            leftSection={<IconPlus size={12} aria-hidden />}
            onClick={create.open}
          >
            New secret
          </Button>
        )}
        {chosen && hint && <span style={{ fontSize: 12 }}>{hint}</span>}
      </Group>
      <Suspense>
        {creating && (
          <SecretDialog
            onClose={create.close}
            onSaved={(name) => {
              onChange(name);
              create.close();
            }}
          />
        )}
      </Suspense>
    </div>
  );
}
