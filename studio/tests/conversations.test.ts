import { describe, expect, it } from 'vitest';
import { heldChange } from '~/pages/actions/heldChange';
import { outputRoot } from '~/pages/actions/outputRoot';
import { callOf, settledCalls } from '~/pages/conversations/events/call';
import { summaryOf } from '~/pages/conversations/events/summary';
import { instantOf, localOf, queryOf } from '~/pages/conversations/filters';

const event = (type: string, members: Record<string, unknown> = {}) => ({
  id: 'evt_1',
  sequence: 1,
  at: '2026-11-25T18:09:42Z',
  type,
  ...members,
});

describe('events', () => {
  it('are calls when they are', () => {
    const refused = event('action.refused', {
      call_id: 'cal_1',
      name: 'pay',
      binding_id: null,
      error: { code: 'invalid_arguments', message: 'm', errors: [{ pointer: '/arguments', detail: 'd' }] },
    });
    expect(callOf(refused)).toMatchObject({
      outcome: 'refused',
      bindingId: null,
      error: { code: 'invalid_arguments', errors: [{ pointer: '/arguments', detail: 'd' }] },
    });
    expect(callOf(event('state.changed'))).toBeUndefined();
    expect(settledCalls([refused])).toEqual(new Set(['cal_1']));
  });
  it('are said in a line each, those not known too', () => {
    expect(summaryOf(event('state.changed', { from: 'a', to: 'b' })).text).toBe('a → b');
    expect(summaryOf(event('variables.changed', { variables: { x: 1, y: null } })).text).toBe(
      'x = 1, y removed',
    );
    expect(summaryOf(event('handover.requested', { handover_type: 'queue', target: 'q' })).text).toBe(
      'to the queue q',
    );
    expect(summaryOf(event('message.updated', { status: 'delivered', to: '+49' }))).toMatchObject({
      tone: 'good',
    });
    expect(summaryOf(event('something.new'))).toEqual({ kind: 'something.new', tone: 'plain', text: '' });
  });
});

describe('filters', () => {
  it('are all the server’s', () => {
    expect(queryOf({ agent: 'agt_1', environment: 'staging', outcome: 'failed' })).toEqual({
      agent_id: 'agt_1',
      environment: 'staging',
      outcome: 'failed',
    });
    expect(queryOf({})).toEqual({});
  });
  it('take a local time to an instant and back', () => {
    expect(localOf(instantOf('2026-11-25T10:30'))).toBe('2026-11-25T10:30');
    expect(instantOf('')).toBeUndefined();
    expect(localOf('nonsense')).toBe('');
  });
});

describe('tools', () => {
  it('wait for approval from the last approved shape on', () => {
    const shape = (description: string) => ({ description });
    const revisions = [
      { change: 'updated', before: shape('b'), after: shape('c') },
      { change: 'updated', before: shape('a'), after: shape('b') },
      { change: 'approved', before: shape('a'), after: shape('a') },
      { change: 'updated', before: shape('x'), after: shape('a') },
    ] as const;
    expect(heldChange(revisions)).toEqual({ before: shape('a'), after: shape('c') });
    expect(heldChange([{ change: 'created', before: null, after: shape('a') }])).toBeUndefined();
  });
  it('give variables from structured content, else from text that is JSON', () => {
    expect(outputRoot('mcp_server', { structuredContent: { a: 1 } })).toEqual({ a: 1 });
    expect(outputRoot('mcp_server', { content: [{ type: 'text', text: '{"b":2}' }] })).toEqual({ b: 2 });
    expect(outputRoot('mcp_server', { content: [{ type: 'text', text: 'hello' }] })).toBeUndefined();
    expect(outputRoot('custom_api', { c: 3 })).toEqual({ c: 3 });
  });
});
