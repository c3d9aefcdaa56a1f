import type { Schemas } from '~/api/client';

/*
 * The draft as the form holds it. States are known by their names and bindings by `key`: their id, or a
 * made-up one until the server has given them an id.
 */

export type Phase = Schemas['Phase'];
export type JsonSchema = Record<string, unknown>;

export type ApiCallAction = Schemas['ApiCallAction'];
export type StaticResponseAction = Schemas['StaticResponseAction'];
export type HandoverAction = Schemas['HandoverAction'];
export type ClientEventAction = Schemas['ClientEventAction'];
export type SendTextMessageAction = Schemas['SendTextMessageAction'];

export type AgentAction =
  | ApiCallAction
  | StaticResponseAction
  | Schemas['EndCallAction']
  | HandoverAction
  | ClientEventAction
  | SendTextMessageAction;
export type ActionKind = AgentAction['kind'];

/** When and how often a binding may be called; the same for links and for an agent's own actions. */
export interface Gates {
  phases?: Phase[];
  max_successful_calls?: number;
  allowed_states?: string[];
}

export interface BindingValues extends Gates {
  key: string;
  id?: string;
  link?: { action_id: string; integration_id?: string };
  action?: AgentAction;
  /** Overrides of a link. */
  parameters?: JsonSchema;
  body_template?: string;
}

export interface StateValues {
  name: string;
  description: string;
  instructions: string;
  /** Absent: the runtime may go from here to any state. */
  transitions?: string[];
}

export interface DraftValues {
  instructions: string;
  strict_states: boolean;
  /** The built-in tool `go_to_state` is offered. */
  go_to_state: boolean;
  initial_state: string | null;
  states: StateValues[];
  actions: BindingValues[];
}

/** A draft or a locked version's document, as the API gives it. */
export type ApiDocument = Schemas['Document'];

/** Drafts outlive a reload, so keys of another load must not come again. */
const LOAD = Date.now().toString(36);
let made = 0;

export function newKey(): string {
  made += 1;
  return `new-${LOAD}-${made}`;
}

export function valuesOf(document: ApiDocument): DraftValues {
  return {
    instructions: document.instructions,
    strict_states: document.strict_states,
    // Absent in an answer: off.
    go_to_state: document.go_to_state ?? false,
    initial_state: document.initial_state,
    states: document.states.map((state) => ({
      name: state.name,
      description: state.description ?? '',
      instructions: state.instructions ?? '',
      ...(state.transitions ? { transitions: state.transitions } : {}),
    })),
    actions: document.actions.map(bindingValues),
  };
}

export function bindingValues(binding: Schemas['Binding']): BindingValues {
  const { id, link, overrides, action } = binding;
  const gates = link ? (overrides ?? {}) : binding;
  return {
    key: id,
    id,
    ...(link
      ? {
          link: {
            action_id: link.action_id,
            ...(link.integration_id ? { integration_id: link.integration_id } : {}),
          },
        }
      : {}),
    ...(action ? { action } : {}),
    ...(overrides?.parameters ? { parameters: overrides.parameters } : {}),
    ...(overrides?.body_template != null ? { body_template: overrides.body_template } : {}),
    ...(gates.phases ? { phases: gates.phases } : {}),
    ...(gates.max_successful_calls ? { max_successful_calls: gates.max_successful_calls } : {}),
    ...(gates.allowed_states ? { allowed_states: gates.allowed_states } : {}),
  };
}

/** What `PUT /agents/{id}/draft` takes. */
export function inputOf(values: DraftValues): Schemas['DraftInput'] {
  const { go_to_state, ...rest } = values;
  return {
    ...rest,
    ...(go_to_state ? { go_to_state } : {}),
    actions: values.actions.map(bindingInput),
  };
}

export function bindingInput(binding: BindingValues): Schemas['BindingInput'] {
  const { key: _, id, link, action, parameters, body_template, ...gates } = binding;
  if (!link) return { ...(id ? { id } : {}), ...(action ? { action } : {}), ...gates };
  const overrides = {
    ...(parameters ? { parameters } : {}),
    ...(body_template === undefined ? {} : { body_template }),
    ...gates,
  };
  return { ...(id ? { id } : {}), link, overrides };
}

/** Which ids the server gave to bindings that had none: made-up key to id. It keeps their order. */
export function givenIds(sent: DraftValues, got: ApiDocument): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [index, binding] of sent.actions.entries()) {
    const id = got.actions[index]?.id;
    if (!binding.id && id) given[binding.key] = id;
  }
  return given;
}

/** The same values with the ids that were given. */
export function withIds(values: DraftValues, given: Readonly<Record<string, string>>): DraftValues {
  const actions = values.actions.map((binding) => {
    const id = given[binding.key];
    return id ? { ...binding, key: id, id } : binding;
  });
  return { ...values, actions };
}
