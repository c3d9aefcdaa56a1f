import { startBilling } from './http.mjs';

/** A workspace over the API: Billing with four actions, Archive, an agent that links all four. */
export async function makeSample(owner, cleanUp) {
  const service = await startBilling();
  cleanUp(service.close);
  await owner.put('/secrets/billing_token', { values: { development: 'tok-e2e', production: 'tok-e2e' } });
  const slot = { base_url: service.url, auth: { type: 'bearer', token: { secret: 'billing_token' } } };
  const environments = { development: slot, production: slot };
  const billing = await owner.post('/integrations', { kind: 'custom_api', name: 'Billing', environments });
  const archive = await owner.post('/integrations', { kind: 'custom_api', name: 'Archive', environments });
  const account = {
    type: 'object',
    properties: { account_id: { type: 'string' } },
    required: ['account_id'],
  };
  const make = (name, more) => owner.post(`/integrations/${billing.id}/actions`, { name, description: `Does ${name}.`, ...more });
  const actions = {
    get_account: await make('get_account', {
      method: 'GET',
      path: '/accounts/{account_id}',
      parameters: account,
      output_variables: [{ name: 'balance', path: '$.balance' }],
    }),
    refund: await make('refund', { method: 'POST', path: '/refunds' }),
    get_invoice: await make('get_invoice', { method: 'GET', path: '/invoices' }),
    add_note: await make('add_note', { method: 'POST', path: '/notes' }),
  };
  const credit = await make('credit', { method: 'POST', path: '/credits' });
  const agent = await owner.post('/agents', { name: 'Billing helper', description: 'Answers on bills.' });
  await saveDraft(owner, agent.id, {
    instructions: 'Tell them their balance first.',
    actions: Object.values(actions).map((one) => ({ link: { action_id: one.id } })),
  });
  return { service, billing, archive, actions, credit, agent };
}

/** Changes the draft of an agent as somebody else would. */
export async function saveDraft(who, agentId, change) {
  const draft = await who.get(`/agents/${agentId}/draft`);
  return who.put(`/agents/${agentId}/draft`, { ...draft, ...change });
}

export const lock = (who, agentId, notes) => who.post(`/agents/${agentId}/versions`, { notes });
