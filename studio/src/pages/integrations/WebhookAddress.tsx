import { Group, TextInput } from '@mantine/core';
import { CopyButton } from '~/parts/CopyButton';

/** Where Telnyx sends delivery receipts. */
export function WebhookAddress({ id }: { id: string }) {
  const address = `${location.origin}/api/v1/webhooks/telnyx/${id}`;
  return (
    <Group align="flex-end" gap="xs" maw={560} wrap="nowrap">
      <TextInput
        style={{ flex: 1 }}
        label="Webhook address"
        description="Enter it in the messaging profile of the Telnyx portal, so that delivery receipts arrive."
        readOnly
        value={address}
      />
      <CopyButton value={address} label="Copy the webhook address" />
    </Group>
  );
}
