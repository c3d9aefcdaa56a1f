import type { ActionKind, AgentAction, BindingValues, Phase } from '../draft/model';

export const KINDS: { kind: ActionKind; label: string; does: string }[] = [
  { kind: 'api_call', label: 'API call', does: 'Calls a full URL with its own authentication and headers.' },
  {
    kind: 'static_response',
    label: 'Static response',
    does: 'Always gives the model the same text or JSON.',
  },
  { kind: 'end_call', label: 'End call', does: 'Ends the call; follow-up actions can still run after it.' },
  {
    kind: 'handover',
    label: 'Handover',
    does: 'Hands the conversation to a phone number, a queue or a SIP address.',
  },
  {
    kind: 'client_event',
    label: 'Client event',
    does: 'Sends an event to the client that runs the conversation.',
  },
  {
    kind: 'send_text_message',
    label: 'Send text message',
    does: 'Sends an SMS through a messaging channel.',
  },
];

export function kindLabel(kind: string): string {
  return KINDS.find((one) => one.kind === kind)?.label ?? kind.replaceAll('_', ' ');
}

export const PHASE_LABEL: Record<Phase, string> = { in_call: 'in the call', post_call: 'after the call' };

/** What a binding's gates say, in a few words each. */
export function gateWords(binding: BindingValues, strict: boolean): string[] {
  const words: string[] = [];
  if (binding.phases?.length === 1) words.push(`only ${PHASE_LABEL[binding.phases[0] as Phase]}`);
  if (binding.phases?.length === 0) words.push('in no phase');
  const most = binding.max_successful_calls;
  if (most) words.push(most === 1 ? 'once' : `at most ${most} times`);
  if (binding.allowed_states?.length) {
    const names = binding.allowed_states.join(', ');
    words.push(strict ? `in ${names}` : `in ${names} (not applied)`);
  }
  return words;
}

const OVERRIDE_LABEL = {
  parameters: 'parameters',
  body_template: 'body',
  phases: 'phases',
  max_successful_calls: 'max successful calls',
  allowed_states: 'allowed states',
} as const;

/** The fields of a link that are set for this agent. */
export function overridden(binding: BindingValues): string[] {
  return (Object.keys(OVERRIDE_LABEL) as (keyof typeof OVERRIDE_LABEL)[])
    .filter((field) => binding[field] !== undefined)
    .map((field) => OVERRIDE_LABEL[field]);
}

export const NAME_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

export function nameProblem(name: string, taken: readonly string[]): string | undefined {
  if (!NAME_PATTERN.test(name)) return 'A name has 1 to 64 letters, digits, _ or -.';
  if (taken.includes(name)) return 'Another action of this agent has this name.';
  return undefined;
}

export function freeName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  let count = 2;
  while (taken.includes(`${wanted}_${count}`)) count += 1;
  return `${wanted}_${count}`;
}

/** What an action of an agent still needs before it can be part of the draft. */
export function missingIn(action: AgentAction, taken: readonly string[]): string | undefined {
  const name = nameProblem(action.name, taken);
  if (name) return name;
  switch (action.kind) {
    case 'api_call':
      return action.url.trim() ? undefined : 'It needs a URL.';
    case 'handover':
      return action.target?.trim() ? undefined : 'It needs a target to hand over to.';
    case 'client_event':
      return action.event.trim() ? undefined : 'It needs the name of the event.';
    case 'send_text_message':
      if (!action.channel_id) return 'It needs a messaging channel.';
      return action.recipient.trim() ? undefined : 'It needs a number to send to.';
    case 'static_response':
    case 'end_call':
      return undefined;
  }
}
