import { NativeSelect, NumberInput, SegmentedControl, Stack, Textarea, TextInput } from '@mantine/core';
import { CodeEditor } from '~/parts/CodeEditor';
import type { ClientEventAction, HandoverAction, StaticResponseAction } from '../../draft/model';
import { useDraft } from '../../draft/useDraft';
import { JsonField } from '../JsonField';
import { useCompletions } from '../useCompletions';
import type { KindProps } from './props';

/** The same text or JSON for every call. */
export function StaticResponseFields({ bindingKey, action, set, errors }: KindProps<StaticResponseAction>) {
  const { setText, readOnly } = useDraft();
  const completions = useCompletions(action.parameters);
  const isText = typeof action.response === 'string';
  const field = `${bindingKey}/Response`;
  return (
    <Stack gap={4}>
      <SegmentedControl
        size="xs"
        aria-label="The response is"
        style={{ alignSelf: 'flex-start' }}
        data={[
          { value: 'text', label: 'Text' },
          { value: 'json', label: 'JSON' },
        ]}
        value={isText ? 'text' : 'json'}
        onChange={(value) => {
          setText(field, undefined);
          set({
            response: value === 'text' ? JSON.stringify(action.response, null, 2) : fromText(action.response),
          });
        }}
      />
      {isText ? (
        <CodeEditor
          label="Response"
          description="What the model gets as the response. A template."
          language="template"
          readOnly={readOnly}
          completions={completions}
          value={String(action.response)}
          onChange={(response) => set({ response })}
          error={errors('response', 'under')}
        />
      ) : (
        <JsonField
          label="Response"
          description="What the model gets as the response. Its texts are templates."
          field={field}
          value={action.response}
          onChange={(response) => set({ response })}
          error={errors('response', 'under')}
        />
      )}
    </Stack>
  );
}

function fromText(response: unknown): unknown {
  try {
    const value: unknown = JSON.parse(String(response));
    if (typeof value !== 'string') return value;
  } catch {
    // Not JSON: it goes into an object, so that nothing is lost.
  }
  return { text: String(response) };
}

const TARGETS = {
  phone: { label: 'Phone number', placeholder: '+4930123456', hint: 'In international form, or a template.' },
  queue: {
    label: 'Queue',
    placeholder: 'billing',
    hint: 'The queue’s id. If the model gives the argument queue_id, that one is used.',
  },
  sip: { label: 'SIP address', placeholder: 'sip:desk@example.com', hint: 'A SIP URI, or a template.' },
} as const;

export function HandoverFields({ action, set, errors }: KindProps<HandoverAction>) {
  const target = TARGETS[action.handover_type];
  return (
    <>
      <NativeSelect
        size="xs"
        label="Hand over to"
        data={[
          { value: 'phone', label: 'A phone number' },
          { value: 'queue', label: 'A queue' },
          { value: 'sip', label: 'A SIP address' },
        ]}
        value={action.handover_type}
        onChange={(event) =>
          set({ handover_type: event.currentTarget.value as HandoverAction['handover_type'] })
        }
        error={errors('handover_type')}
      />
      <TextInput
        size="xs"
        label={target.label}
        description={target.hint}
        placeholder={target.placeholder}
        value={action.target}
        onChange={(event) => set({ target: event.currentTarget.value })}
        error={errors('target')}
      />
      <Textarea
        size="xs"
        label="Announcement"
        description="Said before the handover. Optional."
        autosize
        minRows={1}
        value={action.announcement ?? ''}
        onChange={(event) => set({ announcement: event.currentTarget.value || null })}
        error={errors('announcement')}
      />
    </>
  );
}

export function ClientEventFields({ action, set, errors }: KindProps<ClientEventAction>) {
  return (
    <>
      <TextInput
        size="xs"
        label="Event"
        description="The client gets it on the event stream, with the model’s arguments as its payload."
        placeholder="show_invoice"
        value={action.event}
        onChange={(event) => set({ event: event.currentTarget.value })}
        error={errors('event')}
      />
      <NumberInput
        size="xs"
        label="Wait for a result"
        description="How long the call waits for the client’s result. Empty: it does not wait."
        suffix=" ms"
        min={1}
        step={1000}
        allowDecimal={false}
        value={action.await_result_ms ?? ''}
        onChange={(value) => set({ await_result_ms: typeof value === 'number' ? value : null })}
        error={errors('await_result_ms')}
      />
    </>
  );
}
