import { NumberInput, Radio, Stack, TextInput } from '@mantine/core';
import { AuthEditor } from '~/parts/AuthEditor';
import { HeadersEditor } from '~/parts/HeadersEditor';
import type { FieldsProps } from './KindFields';

export function McpFields({ form, errors }: FieldsProps) {
  const { values, set } = form;
  return (
    <Stack gap="sm" maw={560}>
      <TextInput
        type="url"
        label="URL"
        description="The revision of the protocol is detected."
        placeholder="https://help.example.com/mcp"
        required
        value={values.url}
        onChange={(event) => set({ url: event.currentTarget.value })}
        error={errors('/url')}
      />
      <AuthEditor value={values.auth} onChange={(auth) => set({ auth })} pointer="/auth" errors={errors} />
      <HeadersEditor
        rows={values.headers}
        onChange={(headers) => set({ headers })}
        pointer="/headers"
        errors={errors}
      />
      <Radio.Group
        label="When the server changes a tool"
        value={values.on_change}
        onChange={(value) => set({ on_change: value === 'hold' ? 'hold' : 'use' })}
        error={errors('/on_change')}
      >
        <Stack gap="xs" mt={6}>
          <Radio value="use" label="Use the new shape" description="Agents have it from the next call on." />
          <Radio
            value="hold"
            label="Hold it until somebody approves it"
            description="For a server that you do not trust with changes. Until then the tool cannot be called."
          />
        </Stack>
      </Radio.Group>
      <NumberInput
        label="Fetch the tools again every"
        description="Seconds, 30 or more. Empty: only when the server says so, and on Refresh now."
        min={30}
        max={604800}
        allowDecimal={false}
        suffix=" s"
        value={values.refresh_interval_s ?? ''}
        onChange={(value) => set({ refresh_interval_s: typeof value === 'number' ? value : null })}
        error={errors('/refresh_interval_s')}
        maw={220}
      />
    </Stack>
  );
}
