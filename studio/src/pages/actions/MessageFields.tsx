import { Badge, Group, NativeSelect, Text, TextInput } from '@mantine/core';
import { CodeEditor } from '~/parts/CodeEditor';
import type { Form } from '~/parts/form';
import { SchemaEditor } from '~/parts/schema/SchemaEditor';
import { useParsedSchema } from '~/parts/schema/useParsedSchema';
import { type Errors, useTemplateNames } from './ApiFields';
import { Section } from './Section';
import { fixedText, MAX_PARTS, segmentsOf } from './segments';
import type { ActionValues } from './values';
import { WhatItDoes } from './WhatItDoes';

interface Props {
  form: Form<ActionValues>;
  errors: Errors;
  readOnly: boolean;
  integrationId: string;
}

/** A text message that any agent can send through a channel. */
export function MessageFields({ form, errors, readOnly, integrationId }: Props) {
  const { values, set } = form;
  const schema = useParsedSchema(values.parameters);
  const names = useTemplateNames(integrationId, schema, values);
  const toContact = values.recipient === 'contact';
  return (
    <>
      <WhatItDoes form={form} errors={errors} example="send_confirmation" />
      <Section title="Message">
        <div className="request-line">
          <NativeSelect
            label="Recipient"
            data={[
              { value: 'contact', label: 'the contact' },
              { value: 'other', label: 'another number' },
            ]}
            value={toContact ? 'contact' : 'other'}
            onChange={(event) =>
              set({ recipient: event.currentTarget.value === 'contact' ? 'contact' : '+' })
            }
          />
          {toContact ? (
            <Text size="sm" c="dimmed" style={{ alignSelf: 'end' }} pb={8}>
              Whoever the conversation is with: <span className="mono">variables.call.from</span>.
            </Text>
          ) : (
            <TextInput
              label="Number or template"
              classNames={{ input: 'mono' }}
              placeholder="+4930123456 or {{ parameters.phone }}"
              value={values.recipient}
              error={errors('/recipient')}
              onChange={(event) => set({ recipient: event.currentTarget.value })}
            />
          )}
        </div>
        <CodeEditor
          label="Message template"
          description="Empty: the model writes the text, as the parameter message."
          language="template"
          value={values.messageTemplate}
          onChange={(messageTemplate) => set({ messageTemplate })}
          readOnly={readOnly}
          completions={names}
          error={errors('/message_template')}
        />
        <SegmentCount template={values.messageTemplate} />
      </Section>
      <Section title="Parameters" description="What the model has to provide for the template.">
        <SchemaEditor
          value={values.parameters}
          onChange={(parameters) => set({ parameters })}
          error={errors('/parameters', 'under')}
          readOnly={readOnly}
        />
      </Section>
    </>
  );
}

/** How a text is encoded and in how many parts it goes, while it is typed. */
export function SegmentCount({ template }: { template: string }) {
  const { text, expressions } = fixedText(template);
  const count = segmentsOf(text);
  if (template.trim() === '') return null;
  const shown = count.outside.slice(0, 8).join(' ');
  return (
    <Group gap="xs" role="status">
      <Badge
        variant="light"
        tt="none"
        color={count.parts > MAX_PARTS ? 'red' : count.parts > 1 ? 'yellow' : 'gray'}
      >
        {count.parts} {count.parts === 1 ? 'part' : 'parts'}
      </Badge>
      <Badge variant="light" tt="none" color={count.encoding === 'GSM-7' ? 'gray' : 'yellow'}>
        {count.encoding}
      </Badge>
      <Text size="xs" c="dimmed">
        {count.units} units, {count.left} left in the last part
        {expressions > 0 && ', not counting the values of the expressions'}
        {count.encoding === 'UCS-2' && `; ${shown} make each part 70 units instead of 160`}
        {count.parts > MAX_PARTS && `; at most ${MAX_PARTS} parts can be sent`}
      </Text>
    </Group>
  );
}
