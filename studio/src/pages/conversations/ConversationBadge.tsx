import { StatusBadge, type Tone } from '~/parts/badges';

const ABOUT: Record<string, { tone: Tone; label: string }> = {
  active: { tone: 'good', label: 'active' },
  handed_over: { tone: 'info', label: 'handed over' },
  ended: { tone: 'warn', label: 'call ended' },
  closed: { tone: 'plain', label: 'closed' },
};

export function ConversationBadge({ status }: { status: string }) {
  const about = ABOUT[status];
  return <StatusBadge tone={about?.tone ?? 'plain'}>{about?.label ?? status}</StatusBadge>;
}
