/** Lets something happen in the demo, so that its pages have something to show. */
export async function liven(owner, { helper, desk }) {
  const start = (agent, environment) =>
    owner.post('/conversations', {
      agent_id: agent.id,
      environment,
      variables: { call: { from: '+13125550100', to: '+13125550142' } },
    });
  for (const environment of ['production', 'production', 'development']) {
    const conversation = await start(helper, environment);
    const { tools } = await owner.get(`/conversations/${conversation.id}/tools`);
    for (const tool of tools) {
      await owner.ask('POST', `/conversations/${conversation.id}/actions/${tool.name}/call`, {
        arguments: argumentsFor(tool.parameters),
      });
    }
    if (environment === 'production') await owner.post(`/conversations/${conversation.id}/end`);
  }
  const conversation = await start(desk, 'production');
  const { tools } = await owner.get(`/conversations/${conversation.id}/tools`);
  const sends = tools.find((one) => one.kind === 'send_text_message');
  if (sends) {
    await owner.ask('POST', `/conversations/${conversation.id}/actions/${sends.name}/call`, {
      arguments: argumentsFor(sends.parameters),
    });
  }
  return conversation;
}

/** Arguments that fit a simple schema. */
function argumentsFor(schema) {
  const values = {};
  for (const name of schema.required ?? []) {
    const about = schema.properties?.[name] ?? {};
    if (about.enum) values[name] = about.enum[0];
    else if (about.type === 'integer' || about.type === 'number') values[name] = Math.max(1, about.minimum ?? 1);
    else values[name] = /invoice/.test(name) ? 'inv_1001' : /customer/.test(name) ? 'cus_1' : 'tomorrow at nine';
  }
  return values;
}
