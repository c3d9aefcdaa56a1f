import { describe, expect, it } from 'vitest';
import type { Schemas } from '~/api/client';
import { filledEnvironments } from '~/pages/integrations/kinds';
import { emptySlot, formOf, inputOf, problemOfInput, unchosenSecrets } from '~/pages/integrations/model';
import { usesByAgent } from '~/pages/integrations/usage';

const billing: Schemas['Integration'] = {
  id: 'int_1',
  kind: 'custom_api',
  name: 'Billing',
  description: '',
  environments: {
    production: {
      base_url: 'https://billing.example',
      auth: { type: 'bearer', token: { secret: 'billing_token' } },
      headers: { 'X-Region': '{{ workspace.region }}' },
    },
  },
  action_count: 0,
  agent_count: 0,
  last_error: null,
  revision: 1,
  created_at: '',
  updated_at: '',
};

describe('the form of an integration', () => {
  it('gives back what it was made of, with empty slots as null', () => {
    expect(inputOf(formOf(billing), 'custom_api')).toEqual({
      name: 'Billing',
      description: '',
      environments: { development: null, staging: null, production: billing.environments?.production },
    });
  });

  it('sends of an MCP server only what is its own', () => {
    const input = inputOf({ ...formOf(), name: ' Help ', url: ' https://help.example/mcp ' }, 'mcp_server');
    expect(input).toEqual({
      name: 'Help',
      description: '',
      url: 'https://help.example/mcp',
      auth: { type: 'none' },
      headers: {},
      on_change: 'use',
      refresh_interval_s: null,
    });
  });

  it('finds secrets that are still to be chosen', () => {
    const form = formOf();
    form.slots.staging = { ...emptySlot(), auth: { type: 'bearer', token: { secret: '' } } };
    expect(unchosenSecrets(inputOf(form, 'custom_api'))).toEqual([
      { pointer: '/environments/staging/auth/token', detail: 'Choose a secret, or make a new one.' },
    ]);
    expect(problemOfInput(inputOf(formOf(billing), 'custom_api'))).toBeNull();
  });
});

describe('where an integration is set up', () => {
  it('is where it has a slot and its secrets have values', () => {
    expect(filledEnvironments(billing, undefined)).toEqual(['production']);
    expect(filledEnvironments(billing, new Map([['billing_token', ['production']]]))).toEqual(['production']);
    expect(filledEnvironments(billing, new Map([['billing_token', ['staging']]]))).toEqual([]);
    const channel: Schemas['Integration'] = {
      kind: 'messaging_channel',
      id: 'int_2',
      name: 'Texts',
      description: '',
      provider: 'telnyx',
      api_key: { secret: 'telnyx' },
      from: null,
      messaging_profile_id: null,
      webhook_public_key: null,
      messages_per_minute: null,
      action_count: 0,
      agent_count: 0,
      last_error: null,
      revision: 1,
      created_at: '',
      updated_at: '',
    };
    expect(filledEnvironments(channel, new Map([['telnyx', ['staging']]]))).toEqual(['staging']);
  });
});

describe('usesByAgent', () => {
  it('turns the usage of actions into one row for each agent', () => {
    const entry = { agent_id: 'agt_1', agent_name: 'Helper', binding_ids: ['bnd_1'] };
    const uses = usesByAgent([
      {
        name: 'pay',
        usage: [
          { ...entry, version: 'draft', published: false },
          { ...entry, version: 2, published: true },
          { ...entry, version: 1, published: false },
        ],
      },
      { name: 'list', usage: [{ ...entry, version: 2, published: true }] },
    ]);
    expect(uses).toEqual([
      {
        agent_id: 'agt_1',
        agent_name: 'Helper',
        published: 2,
        draft: true,
        locked: [1],
        actions: ['pay', 'list'],
      },
    ]);
  });
});
