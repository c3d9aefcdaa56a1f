import type { ActionKind, AgentAction } from '../draft/model';

const NO_ARGUMENTS = { type: 'object', properties: {} };

/** A new agent-specific action of a kind, ready to be filled in. */
export function freshAction(kind: ActionKind, name: string): AgentAction {
  const common = { name, description: '' };
  switch (kind) {
    case 'api_call':
      return { ...common, kind, method: 'GET', url: '', parameters: NO_ARGUMENTS };
    case 'static_response':
      return { ...common, kind, response: '' };
    case 'end_call':
      return { ...common, kind, description: 'End the call when the caller has said goodbye.' };
    case 'handover':
      return { ...common, kind, handover_type: 'phone', target: '' };
    case 'client_event':
      return { ...common, kind, event: '', parameters: NO_ARGUMENTS };
    case 'send_text_message':
      return { ...common, kind, channel_id: '', recipient: 'contact', message_template: '' };
  }
}
