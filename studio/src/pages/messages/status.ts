import type { Tone } from '~/parts/badges';

interface About {
  label: string;
  tone: Tone;
  /** What it means, and what to do. */
  says: string;
}

const MESSAGE_STATUS: Record<string, About> = {
  queued: {
    label: 'queued',
    tone: 'plain',
    says: 'Waits for its turn, here or with the provider; nothing to do.',
  },
  sending: { label: 'sending', tone: 'info', says: 'Is being handed to the provider; nothing to do.' },
  sent: {
    label: 'sent',
    tone: 'info',
    says: 'A network has it. A receipt will say whether it was delivered; without a webhook public key none comes.',
  },
  outcome_unknown: {
    label: 'outcome unknown',
    tone: 'warn',
    says: 'It was handed to the provider and no response came. It may have been sent and is not sent again automatically: ask the recipient or the provider before you send it again.',
  },
  delivery_unconfirmed: {
    label: 'delivery unconfirmed',
    tone: 'warn',
    says: 'A network had it and never said what became of it. It may have arrived; ask the recipient before you send it again.',
  },
  delivered: { label: 'delivered', tone: 'good', says: 'The network confirmed that it arrived.' },
  delivery_failed: {
    label: 'delivery failed',
    tone: 'bad',
    says: 'The network refused it. See the reason; a number that does not exist will not work later either.',
  },
  sending_failed: {
    label: 'sending failed',
    tone: 'bad',
    says: 'The provider did not accept it. See the reason, fix it, then send again.',
  },
  expired: {
    label: 'expired',
    tone: 'bad',
    says: 'It could not be sent in time and was given up. Check the channel’s rate and the provider’s state.',
  },
};

export const MESSAGE_STATUSES = Object.keys(MESSAGE_STATUS);

export function statusOf(status: unknown): About {
  const known = typeof status === 'string' ? MESSAGE_STATUS[status] : undefined;
  return known ?? { label: String(status), tone: 'plain', says: '' };
}
