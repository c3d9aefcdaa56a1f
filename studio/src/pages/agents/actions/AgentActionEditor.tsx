import { Stack, Text, Textarea, TextInput } from '@mantine/core';
import type { AgentAction, BindingValues } from '../draft/model';
import { useDraft } from '../draft/useDraft';
import { GatesEditor } from './GatesEditor';
import { ApiCallFields } from './kinds/ApiCallFields';
import type { KindProps } from './kinds/props';
import { ClientEventFields, HandoverFields, StaticResponseFields } from './kinds/SimpleFields';
import { TextMessageFields } from './kinds/TextMessageFields';
import { ParametersField } from './ParametersField';
import { useBindingNames } from './useLinked';
import { KINDS, nameProblem } from './words';

interface Props {
  binding: BindingValues;
  action: AgentAction;
  onChange: (binding: BindingValues) => void;
  errors: (pointer: string, under?: 'under') => string | undefined;
}

/** An action that only this agent has. */
export function AgentActionEditor({ binding, action, onChange, errors }: Props) {
  const { values, readOnly } = useDraft();
  const others = values.actions.filter((one) => one.key !== binding.key);
  const names = useBindingNames(others);
  const taken = others.map((one) => one.action?.name ?? names.get(one.link?.action_id ?? '') ?? '');
  const set = (patch: Partial<AgentAction>) =>
    onChange({ ...binding, action: { ...action, ...patch } as AgentAction });
  const at = (pointer: string, under?: 'under') => errors(`action/${pointer}`, under);
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {KINDS.find((one) => one.kind === action.kind)?.does}
      </Text>
      {errors('action') && (
        <Text size="sm" c="var(--mantine-color-error)">
          {errors('action')}
        </Text>
      )}
      <fieldset disabled={readOnly} className="need-fields">
        <Stack gap="sm">
          <TextInput
            size="xs"
            label="Name"
            description="The model calls it by this name."
            styles={{ input: { fontFamily: 'var(--sb-mono)' } }}
            maxLength={64}
            value={action.name}
            error={at('name') ?? nameProblem(action.name, taken)}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          <Textarea
            size="xs"
            label="Description"
            description="Tells the model when to call it and what it does."
            autosize
            minRows={2}
            value={action.description ?? ''}
            error={at('description')}
            onChange={(event) => set({ description: event.currentTarget.value })}
          />
          <KindFields bindingKey={binding.key} action={action} set={set} errors={at} />
          {hasParameters(action) && (
            <ParametersField
              label="Parameters"
              description="What the model has to provide when it calls this."
              of={binding.key}
              value={action.parameters ?? { type: 'object', properties: {} }}
              onChange={(parameters) => set({ parameters })}
              error={at('parameters', 'under')}
            />
          )}
        </Stack>
      </fieldset>
      <fieldset disabled={readOnly} className="need-fields">
        <GatesEditor binding={binding} onChange={onChange} errors={errors} />
      </fieldset>
    </Stack>
  );
}

function hasParameters(action: AgentAction): boolean {
  return action.kind !== 'end_call';
}

function KindFields(props: KindProps<AgentAction>) {
  const { action } = props;
  switch (action.kind) {
    case 'api_call':
      return <ApiCallFields {...props} action={action} />;
    case 'static_response':
      return <StaticResponseFields {...props} action={action} />;
    case 'end_call':
      return null;
    case 'handover':
      return <HandoverFields {...props} action={action} />;
    case 'client_event':
      return <ClientEventFields {...props} action={action} />;
    case 'send_text_message':
      return <TextMessageFields {...props} action={action} />;
  }
}
