import { getRouteApi } from '@tanstack/react-router';
import { Bench } from './Bench';
import { StartForm } from './StartForm';

const route = getRouteApi('/app/agents/$id');

/** Where an agent is tried: a conversation of one's own, its actions called by hand. */
export function PlaygroundTab({ agentId }: { agentId: string }) {
  const { conversation } = route.useSearch();
  const navigate = route.useNavigate();
  const open = (id: string | undefined) =>
    void navigate({
      search: ({ conversation: _, ...rest }) => ({
        ...rest,
        tab: 'playground',
        ...(id ? { conversation: id } : {}),
      }),
    });
  return conversation ? (
    <Bench key={conversation} agentId={agentId} conversationId={conversation} onNew={() => open(undefined)} />
  ) : (
    <StartForm agentId={agentId} onStarted={open} />
  );
}
