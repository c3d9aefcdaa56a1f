import type { Schemas } from '~/api/client';
import { type InputError, Problem } from '~/api/problem';
import type { Auth } from '~/parts/AuthEditor';
import { ENVIRONMENTS, type Environment } from '~/parts/environments';
import { type HeaderRow, headersOfRows, newHeaderRow, pointerPart, rowsOfHeaders } from '~/parts/headers';
import type { Kind } from './kinds';

export interface SlotForm {
  base_url: string;
  auth: Auth;
  headers: HeaderRow[];
}

/** What the forms of all kinds of integration hold; each kind uses its part. */
export interface IntegrationForm {
  name: string;
  description: string;
  slots: Record<Environment, SlotForm | null>;
  url: string;
  auth: Auth;
  headers: HeaderRow[];
  on_change: Schemas['OnChange'];
  refresh_interval_s: number | null;
  api_key: string;
  from: string;
  messaging_profile_id: string;
  webhook_public_key: string;
  messages_per_minute: number | null;
}

const NO_AUTH: Auth = { type: 'none' };

export function emptySlot(): SlotForm {
  return { base_url: '', auth: NO_AUTH, headers: [] };
}

/** Another environment set up alike. */
export function copyOfSlot(slot: SlotForm): SlotForm {
  return { ...slot, headers: slot.headers.map((row) => newHeaderRow(row.name, row.value)) };
}

function slotOf(slot: Schemas['ApiSlot'] | null | undefined): SlotForm | null {
  if (!slot) return null;
  return { base_url: slot.base_url, auth: slot.auth ?? NO_AUTH, headers: rowsOfHeaders(slot.headers) };
}

export function formOf(integration?: Schemas['Integration']): IntegrationForm {
  const slots = { development: null, staging: null, production: null } as IntegrationForm['slots'];
  for (const one of ENVIRONMENTS) slots[one] = slotOf(integration?.environments?.[one]);
  return {
    name: integration?.name ?? '',
    description: integration?.description ?? '',
    slots,
    url: integration?.url ?? '',
    auth: integration?.auth ?? NO_AUTH,
    headers: rowsOfHeaders(integration?.headers),
    on_change: integration?.on_change ?? 'use',
    refresh_interval_s: integration?.refresh_interval_s ?? null,
    api_key: integration?.api_key?.secret ?? '',
    from: integration?.from ?? '',
    messaging_profile_id: integration?.messaging_profile_id ?? '',
    webhook_public_key: integration?.webhook_public_key ?? '',
    messages_per_minute: integration?.messages_per_minute ?? null,
  };
}

function slotsOf(form: IntegrationForm): Schemas['Slots'] {
  const slots: Schemas['Slots'] = {};
  for (const one of ENVIRONMENTS) {
    const slot = form.slots[one];
    slots[one] = slot && {
      base_url: slot.base_url.trim(),
      auth: slot.auth,
      headers: headersOfRows(slot.headers),
    };
  }
  return slots;
}

type Input =
  | Omit<Schemas['CustomApiInput'], 'kind'>
  | Omit<Schemas['McpServerInput'], 'kind'>
  | Omit<Schemas['MessagingChannelInput'], 'kind'>;

/** The form as the API takes it, for a new integration and for a change alike. */
export function inputOf(form: IntegrationForm, kind: Kind): Input {
  const common = { name: form.name.trim(), description: form.description.trim() };
  switch (kind) {
    case 'custom_api':
      return { ...common, environments: slotsOf(form) };
    case 'mcp_server':
      return {
        ...common,
        url: form.url.trim(),
        auth: form.auth,
        headers: headersOfRows(form.headers),
        on_change: form.on_change,
        refresh_interval_s: form.refresh_interval_s,
      };
    case 'messaging_channel':
      return {
        ...common,
        provider: 'telnyx',
        api_key: { secret: form.api_key },
        from: form.from.trim() || null,
        messaging_profile_id: form.messaging_profile_id.trim() || null,
        webhook_public_key: form.webhook_public_key.trim() || null,
        messages_per_minute: form.messages_per_minute,
      };
  }
}

const CHOOSE = 'Choose a secret, or make a new one.';

/** A secret that is still to be chosen anywhere in an input: `{"secret": ""}`. */
export function unchosenSecrets(value: unknown, at = ''): InputError[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('secret' in value && value.secret === '') return [{ pointer: at, detail: CHOOSE }];
  return Object.entries(value).flatMap(([key, inner]) => unchosenSecrets(inner, `${at}/${pointerPart(key)}`));
}

/** What the page can say itself before it asks the server. */
export function problemOfInput(input: object): Problem | null {
  const errors = unchosenSecrets(input);
  if (errors.length === 0) return null;
  return new Problem({ status: 422, code: 'invalid_input', title: 'Unprocessable Entity', errors });
}
