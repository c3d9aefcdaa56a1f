import { Button, Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { StatusBadge } from '~/parts/badges';
import { CodeEditor } from '~/parts/CodeEditor';
import { JsonView } from '~/parts/JsonView';
import type { BindingValues } from '../draft/model';
import { useDraft } from '../draft/useDraft';
import { ParametersField, parametersField } from './ParametersField';
import { useCompletions } from './useCompletions';
import type { Action } from './useLinked';

interface Props {
  binding: BindingValues;
  action: Action;
  onChange: (binding: BindingValues) => void;
  errors: (pointer: string, under?: 'under') => string | undefined;
}

/** What this agent may set differently, each beside what it inherits. */
export function OverridesEditor({ binding, action, onChange, errors }: Props) {
  const { setText } = useDraft();
  const parameters = binding.parameters ?? action.parameters ?? null;
  const completions = useCompletions(parameters);
  const { parameters: _p, ...withoutParameters } = binding;
  const { body_template: _b, ...withoutBody } = binding;
  return (
    <Stack gap="md" component="section" aria-label="Overrides">
      <Title order={3}>Overrides</Title>
      <Override
        title="Parameters schema"
        isSet={binding.parameters !== undefined}
        onSet={() =>
          onChange({ ...binding, parameters: action.parameters ?? { type: 'object', properties: {} } })
        }
        onReset={() => {
          setText(parametersField(binding.key), undefined);
          onChange(withoutParameters);
        }}
        inherited={
          action.parameters ? (
            <JsonView value={action.parameters} label="Inherited parameters schema" />
          ) : (
            <Text size="sm" c="dimmed">
              The shared action takes no arguments.
            </Text>
          )
        }
      >
        <ParametersField
          label="For this agent"
          of={binding.key}
          value={binding.parameters ?? {}}
          onChange={(next) => onChange({ ...binding, parameters: next })}
          error={errors('overrides/parameters', 'under')}
        />
      </Override>
      <Override
        title="Request body template"
        isSet={binding.body_template !== undefined}
        onSet={() => onChange({ ...binding, body_template: action.body_template ?? '' })}
        onReset={() => onChange(withoutBody)}
        inherited={
          action.body_template ? (
            <JsonView value={action.body_template} label="Inherited request body template" />
          ) : (
            <Text size="sm" c="dimmed">
              The shared action has no template: the arguments that are not in the path are sent as they are.
            </Text>
          )
        }
      >
        <CodeEditor
          label="For this agent"
          language="template"
          value={binding.body_template ?? ''}
          completions={completions}
          onChange={(body_template) => onChange({ ...binding, body_template })}
          error={errors('overrides/body_template')}
        />
      </Override>
    </Stack>
  );
}

interface OverrideProps {
  title: string;
  isSet: boolean;
  onSet: () => void;
  onReset: () => void;
  inherited: ReactNode;
  children: ReactNode;
}

function Override({ title, isSet, onSet, onReset, inherited, children }: OverrideProps) {
  const { readOnly } = useDraft();
  return (
    <Stack gap={4} role="group" aria-label={title}>
      <Group justify="space-between">
        <Group gap={6}>
          <Text size="sm" fw={600}>
            {title}
          </Text>
          <StatusBadge tone={isSet ? 'info' : 'plain'}>{isSet ? 'overridden' : 'inherited'}</StatusBadge>
        </Group>
        {!readOnly && (
          <Button variant="default" size="compact-xs" onClick={isSet ? onReset : onSet}>
            {isSet ? 'Reset to inherited' : 'Override'}
          </Button>
        )}
      </Group>
      <div className={isSet ? 'side-by-side' : undefined}>
        <div>
          {isSet && (
            <Text size="xs" fw={500} mb={2}>
              Inherited
            </Text>
          )}
          {inherited}
        </div>
        {isSet && <div>{children}</div>}
      </div>
    </Stack>
  );
}
