import { Button, Group, Modal, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { $api, type Schemas } from '~/api/client';
import { CodeEditor } from '~/parts/CodeEditor';
import { ENVIRONMENT_LABEL, ENVIRONMENTS, type Environment } from '~/parts/environments';
import { fieldErrors, useForm } from '~/parts/form';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { type Kind, kindOf, parsed, type Typed, textOf } from './values';

const KINDS = [
  { value: 'text', label: 'Text' },
  { value: 'number', label: 'Number' },
  { value: 'boolean', label: 'True or false' },
  { value: 'json', label: 'JSON' },
];

interface Props {
  /** None makes a new one. */
  variable?: Schemas['Variable'];
  onClose: () => void;
}

export function VariableDialog({ variable, onClose }: Props) {
  const form = useForm<{ name: string; kind: Kind; typed: Typed }>(() => {
    const kind = kindOf(variable?.values ?? {});
    const typed = { development: '', staging: '', production: '' };
    for (const one of ENVIRONMENTS) typed[one] = textOf(variable?.values[one], kind);
    return { name: variable?.name ?? '', kind, typed };
  });
  const { name, kind, typed } = form.values;
  const [wrong, setWrong] = useState<Partial<Record<Environment, string>>>({});
  const save = $api.useMutation('put', '/api/v1/variables/{name}', {
    meta: { done: variable ? 'Variable saved' : 'Variable created', refreshes: ['/api/v1/variables'] },
    onSuccess: onClose,
  });
  const errors = fieldErrors(save.error);

  function submit(event: FormEvent) {
    event.preventDefault();
    const values: Schemas['VariableValues'] = {};
    const found: typeof wrong = {};
    for (const one of ENVIRONMENTS) {
      try {
        const value = parsed(typed[one], kind);
        // An environment that never had a value is left out; null takes a value back.
        if (value !== null || variable?.values[one] !== undefined) values[one] = value;
      } catch (error) {
        found[one] = error instanceof Error ? error.message : String(error);
      }
    }
    setWrong(found);
    if (Object.keys(found).length === 0) {
      save.mutate({ params: { path: { name: name.trim() } }, body: { values } });
    }
  }

  const field = (one: Environment) => ({
    label: ENVIRONMENT_LABEL[one],
    value: typed[one],
    error: wrong[one] ?? errors(`/values/${one}`, 'under'),
    onChange: (event: { currentTarget: { value: string } }) =>
      form.set({ typed: { ...typed, [one]: event.currentTarget.value } }),
  });

  return (
    <Modal opened onClose={onClose} title={variable ? `Values of ${variable.name}` : 'New variable'}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          {!variable && (
            <TextInput
              label="Name"
              description={`Templates read it as {{ workspace.${name.trim() || 'name'} }}.`}
              placeholder="region"
              required
              data-autofocus
              value={name}
              onChange={(event) => form.set({ name: event.currentTarget.value })}
              error={errors('/name')}
            />
          )}
          <NativeSelect
            label="Kind of value"
            data={KINDS}
            value={kind}
            onChange={(event) => form.set({ kind: event.currentTarget.value as Kind })}
          />
          {ENVIRONMENTS.map((one) => {
            if (kind === 'boolean') {
              return <NativeSelect key={one} {...field(one)} data={['', 'true', 'false']} />;
            }
            if (kind === 'json') {
              return (
                <CodeEditor
                  key={one}
                  language="json"
                  label={ENVIRONMENT_LABEL[one]}
                  value={typed[one]}
                  error={wrong[one] ?? errors(`/values/${one}`, 'under')}
                  onChange={(text) => form.set({ typed: { ...typed, [one]: text } })}
                  minHeight={60}
                  maxHeight={180}
                />
              );
            }
            return <TextInput key={one} {...field(one)} placeholder="No value" />;
          })}
          <Text size="xs" c="dimmed">
            Everybody in the workspace can read these. What must stay hidden is a secret.
          </Text>
          <ProblemAlert error={save.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!form.dirty} loading={save.isPending}>
              {variable ? 'Save values' : 'Create variable'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
