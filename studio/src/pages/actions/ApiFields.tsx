import { NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMemo } from 'react';
import { useList } from '~/api/list';
import { CodeEditor } from '~/parts/CodeEditor';
import type { Form } from '~/parts/form';
import { HeadersEditor } from '~/parts/HeadersEditor';
import { SchemaEditor } from '~/parts/schema/SchemaEditor';
import { useParsedSchema } from '~/parts/schema/useParsedSchema';
import { PathNote } from './PathNote';
import { Section } from './Section';
import type { ActionValues } from './values';
import { WhatItDoes } from './WhatItDoes';
import { hasBody, placeOf, templateNames } from './where';

export type Errors = (pointer: string, under?: 'under') => string | undefined;

interface Props {
  form: Form<ActionValues>;
  errors: Errors;
  readOnly: boolean;
  integrationId: string;
  baseUrl: string | undefined;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** A request of an HTTP API: name, method, path, parameters, body, headers. */
export function ApiFields({ form, errors, readOnly, integrationId, baseUrl }: Props) {
  const { values, set } = form;
  const schema = useParsedSchema(values.parameters);
  const names = useTemplateNames(integrationId, schema, values);
  const request = { method: values.method, path: values.path, bodyTemplate: values.bodyTemplate };
  return (
    <>
      <WhatItDoes form={form} errors={errors} example="get_invoice" />
      <Section title="Request">
        <div className="request-line">
          <NativeSelect
            label="Method"
            data={[...METHODS]}
            value={values.method}
            error={errors('/method')}
            onChange={(event) => {
              const method = METHODS.find((one) => one === event.currentTarget.value);
              if (method) set({ method });
            }}
          />
          <TextInput
            label="Path"
            withAsterisk
            placeholder="/invoices/{invoice_id}"
            classNames={{ input: 'mono' }}
            value={values.path}
            error={errors('/path')}
            onChange={(event) => set({ path: event.currentTarget.value })}
          />
        </div>
        <PathNote
          path={values.path}
          schema={schema}
          baseUrl={baseUrl}
          onSchema={(parameters) => set({ parameters })}
          readOnly={readOnly}
        />
      </Section>
      <Section
        title="Parameters"
        description="What the model has to provide. The form and the JSON Schema stay in step; what the form cannot show is kept."
      >
        <SchemaEditor
          value={values.parameters}
          onChange={(parameters) => set({ parameters })}
          error={errors('/parameters', 'under')}
          readOnly={readOnly}
          hint={(name) => placeOf(name, request)}
        />
      </Section>
      <Section
        title="Body"
        description={
          hasBody(values.method)
            ? 'Without a template, the parameters that are not in the path make up the JSON body. With one, they go where it puts them and nowhere else.'
            : `A ${values.method} has no body; parameters that are not in the path go to the query.`
        }
      >
        {(hasBody(values.method) || values.bodyTemplate !== '') && (
          <CodeEditor
            label="Body template"
            description={
              <>
                JSON with expressions such as <span className="mono">{'{{ parameters.amount }}'}</span>; type{' '}
                <span className="mono">{'{{'}</span> to see what it may use.
              </>
            }
            language="template"
            value={values.bodyTemplate}
            onChange={(bodyTemplate) => set({ bodyTemplate })}
            readOnly={readOnly}
            completions={names}
            error={errors('/body_template')}
          />
        )}
      </Section>
      <Section
        title="Headers"
        description="In addition to those of the integration: text, a template, or a secret."
      >
        <HeadersEditor
          rows={values.headers}
          onChange={(headers) => set({ headers })}
          pointer="/headers"
          errors={errors}
        />
      </Section>
    </>
  );
}

/** The names a template of this action may use. */
export function useTemplateNames(
  integrationId: string,
  schema: unknown,
  values: Pick<ActionValues, 'outputs'>,
) {
  const workspace = useList('/api/v1/variables', { all: true });
  const siblings = useList('/api/v1/integrations/{id}/actions', { path: { id: integrationId } });
  return useMemo(
    () =>
      templateNames(
        schema,
        workspace.items.map((one) => one.name),
        [
          ...values.outputs.map((one) => one.name),
          ...siblings.items.flatMap((one) =>
            'output_variables' in one ? one.output_variables.map((output) => output.name) : [],
          ),
        ],
      ),
    [schema, workspace.items, siblings.items, values.outputs],
  );
}

export function TimeoutField({ form, errors }: Pick<Props, 'form' | 'errors'>) {
  return (
    <Section title="Limits">
      <Stack gap={4} maw={280}>
        <TextInput
          label="Timeout"
          inputMode="numeric"
          placeholder="the server’s"
          rightSectionWidth={36}
          rightSection={
            <Text size="xs" c="dimmed">
              ms
            </Text>
          }
          description="For one call, including all attempts. Empty: the server’s setting."
          value={form.values.timeout}
          error={errors('/timeout_ms')}
          onChange={(event) => form.set({ timeout: event.currentTarget.value })}
        />
      </Stack>
    </Section>
  );
}
