import { Stack, Textarea, TextInput } from '@mantine/core';
import type { Form } from '~/parts/form';
import { ChannelFields } from './ChannelFields';
import type { Kind } from './kinds';
import { McpFields } from './McpFields';
import type { IntegrationForm } from './model';
import { SlotsEditor } from './SlotsEditor';

export interface FieldsProps {
  form: Form<IntegrationForm>;
  errors: (pointer: string, under?: 'under') => string | undefined;
}

/** All fields of one kind of integration, for a new one and for its settings. */
export function KindFields({ kind, form, errors }: FieldsProps & { kind: Kind }) {
  const { values, set } = form;
  return (
    <Stack gap="md">
      <Stack gap="sm" maw={560}>
        <TextInput
          label="Name"
          placeholder={kind === 'messaging_channel' ? 'Text messages' : 'Billing'}
          required
          maxLength={200}
          value={values.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
          error={errors('/name')}
        />
        <Textarea
          label="Description"
          placeholder="What it is for. Optional."
          autosize
          minRows={1}
          maxRows={5}
          value={values.description}
          onChange={(event) => set({ description: event.currentTarget.value })}
          error={errors('/description')}
        />
      </Stack>
      {kind === 'custom_api' && (
        <SlotsEditor slots={values.slots} onChange={(slots) => set({ slots })} errors={errors} />
      )}
      {kind === 'mcp_server' && <McpFields form={form} errors={errors} />}
      {kind === 'messaging_channel' && <ChannelFields form={form} errors={errors} />}
    </Stack>
  );
}
