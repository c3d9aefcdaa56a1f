import { NumberInput, Stack, TextInput } from '@mantine/core';
import { SecretPicker } from '~/parts/SecretPicker';
import type { FieldsProps } from './KindFields';

export function ChannelFields({ form, errors }: FieldsProps) {
  const { values, set } = form;
  return (
    <Stack gap="sm" maw={560}>
      <SecretPicker
        label="Telnyx API key"
        description="From the Telnyx portal, under API keys."
        required
        value={values.api_key}
        onChange={(api_key) => set({ api_key })}
        error={errors('/api_key', 'under')}
      />
      <TextInput
        label="Sender"
        description="A number with its country code, such as +14155550123, or up to 11 letters and digits as a name. Empty with a messaging profile: a number from its pool."
        placeholder="+14155550123"
        value={values.from}
        onChange={(event) => set({ from: event.currentTarget.value })}
        error={errors('/from')}
      />
      <TextInput
        label="Messaging profile"
        description="Its id. Needed for a name as sender, and when there is no sender."
        value={values.messaging_profile_id}
        onChange={(event) => set({ messaging_profile_id: event.currentTarget.value })}
        error={errors('/messaging_profile_id')}
      />
      <TextInput
        label="Webhook public key"
        description="From the Telnyx portal. Delivery receipts are verified with it; without it they are refused."
        value={values.webhook_public_key}
        onChange={(event) => set({ webhook_public_key: event.currentTarget.value })}
        error={errors('/webhook_public_key')}
      />
      <NumberInput
        label="Messages per minute"
        description="At most this many are sent; further ones wait. Empty: no limit here."
        min={1}
        max={60000}
        allowDecimal={false}
        maw={220}
        value={values.messages_per_minute ?? ''}
        onChange={(value) => set({ messages_per_minute: typeof value === 'number' ? value : null })}
        error={errors('/messages_per_minute')}
      />
    </Stack>
  );
}
