import { Anchor, NativeSelect, Select, Text, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { CodeEditor } from '~/parts/CodeEditor';
import type { SendTextMessageAction } from '../../draft/model';
import { useDraft } from '../../draft/useDraft';
import { useCompletions } from '../useCompletions';
import { useIntegrations } from '../useLinked';
import type { KindProps } from './props';

export function TextMessageFields({ action, set, errors }: KindProps<SendTextMessageAction>) {
  const { readOnly } = useDraft();
  const { list } = useIntegrations();
  const completions = useCompletions(action.parameters);
  const channels = list.items.filter((one) => one.kind === 'messaging_channel');
  const toContact = action.recipient === 'contact';
  return (
    <>
      <div>
        <Select
          size="xs"
          label="Messaging channel"
          placeholder={list.loading ? 'Loading…' : 'Choose a channel'}
          data={channels.map((one) => ({ value: one.id, label: one.name }))}
          value={action.channel_id || null}
          onChange={(id) => set({ channel_id: id ?? '' })}
          error={errors('channel_id')}
        />
        {!list.loading && channels.length === 0 && (
          <Text size="xs" c="dimmed" mt={2}>
            There is no messaging channel yet.{' '}
            <Anchor size="xs" component={Link} {...({ to: '/integrations/new/messaging-channel' } as object)}>
              Add one
            </Anchor>
          </Text>
        )}
      </div>
      <NativeSelect
        size="xs"
        label="To"
        data={[
          { value: 'contact', label: 'whom the conversation is with' },
          { value: 'other', label: 'a number or a template' },
        ]}
        value={toContact ? 'contact' : 'other'}
        onChange={(event) => set({ recipient: event.currentTarget.value === 'contact' ? 'contact' : '' })}
        error={toContact ? errors('recipient') : undefined}
      />
      {!toContact && (
        <TextInput
          size="xs"
          label="Number or template"
          placeholder="+4930123456 or {{ variables.mobile }}"
          value={action.recipient}
          onChange={(event) => set({ recipient: event.currentTarget.value })}
          error={errors('recipient')}
        />
      )}
      <CodeEditor
        label="Message template"
        description="Empty: the model writes the text itself, as the argument message."
        language="template"
        readOnly={readOnly}
        completions={completions}
        value={action.message_template ?? ''}
        onChange={(text) => set({ message_template: text || null })}
        error={errors('message_template')}
      />
    </>
  );
}
