import { NewIntegration } from './NewIntegration';

export function NewMessagingChannelPage() {
  return (
    <NewIntegration
      kind="messaging_channel"
      title="New messaging channel"
      description="Outbound text messages through Telnyx. Agents use it in actions that send a text message."
      submitLabel="Connect the channel"
    />
  );
}
