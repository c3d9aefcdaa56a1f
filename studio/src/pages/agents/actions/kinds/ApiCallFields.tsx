import { Group, NativeSelect, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { AuthEditor } from '~/parts/AuthEditor';
import { CodeEditor } from '~/parts/CodeEditor';
import { HeadersEditor } from '~/parts/HeadersEditor';
import { headersOfRows, rowsOfHeaders } from '~/parts/headers';
import type { ApiCallAction } from '../../draft/model';
import { useDraft } from '../../draft/useDraft';
import { useCompletions } from '../useCompletions';
import { OutputVariables } from './OutputVariables';
import type { KindProps } from './props';

const METHODS: ApiCallAction['method'][] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** A request with a full URL, authentication and headers of its own. */
export function ApiCallFields({ action, set, errors }: KindProps<ApiCallAction>) {
  const { readOnly } = useDraft();
  const completions = useCompletions(action.parameters);
  const [rows, setRows] = useState(() => rowsOfHeaders(action.headers));
  const hasBody = action.method !== 'GET' && action.method !== 'DELETE';
  return (
    <>
      <Group gap="xs" align="flex-start" wrap="nowrap">
        <NativeSelect
          size="xs"
          label="Method"
          w={96}
          data={METHODS}
          value={action.method}
          onChange={(event) => set({ method: event.currentTarget.value as ApiCallAction['method'] })}
          error={errors('method')}
        />
        <TextInput
          size="xs"
          label="URL"
          style={{ flex: 1, minWidth: 0 }}
          placeholder="https://rates.example.com/v1/{currency}"
          value={action.url}
          onChange={(event) => set({ url: event.currentTarget.value })}
          error={errors('url')}
        />
      </Group>
      <Text size="xs" c="dimmed" mt={-6}>
        {'{name}'} takes the argument of that name.{' '}
        {hasBody ? 'The other arguments go into the JSON body' : 'The other arguments go into the query'}
        {hasBody ? ', or through the body template.' : '.'}
      </Text>
      <AuthEditor
        value={action.auth ?? { type: 'none' }}
        onChange={(auth) => set({ auth })}
        pointer="auth"
        errors={errors}
      />
      <Stack gap={4}>
        <Text size="xs" fw={500}>
          Headers
        </Text>
        <HeadersEditor
          rows={rows}
          onChange={(next) => {
            setRows(next);
            set({ headers: headersOfRows(next) });
          }}
          pointer="headers"
          errors={errors}
        />
      </Stack>
      {hasBody && (
        <CodeEditor
          label="Request body template"
          description="Empty: the arguments as JSON."
          language="template"
          readOnly={readOnly}
          completions={completions}
          value={action.body_template ?? ''}
          onChange={(text) => set({ body_template: text || null })}
          error={errors('body_template')}
        />
      )}
      <OutputVariables
        value={action.output_variables ?? []}
        onChange={(output_variables) => set({ output_variables })}
        errors={errors}
      />
      <NumberInput
        size="xs"
        label="Time limit"
        description="Empty: the server’s."
        suffix=" ms"
        min={1}
        step={1000}
        allowDecimal={false}
        value={action.timeout_ms ?? ''}
        onChange={(value) => set({ timeout_ms: typeof value === 'number' ? value : null })}
        error={errors('timeout_ms')}
      />
    </>
  );
}
