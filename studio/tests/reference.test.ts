import { describe, expect, it } from 'vitest';
import type { Document, Schema } from '~/api/document';
import { curlOf } from '~/pages/reference/curl';
import { grouped, operationsOf, placeOf } from '~/pages/reference/operations';
import { exampleOf, inside, limitsOf, resolve, typeWords, variantsOf } from '~/pages/reference/schemas';
import text from '../../docs/openapi.json?raw';

const document: Document = JSON.parse(text);
const { schemas } = document.components;
const operations = operationsOf(document);

function operation(id: string) {
  const found = operations.find((one) => one.operationId === id);
  if (!found) throw new Error(`there is no ${id}`);
  return found;
}

describe('the operations of the document', () => {
  it('are all there, each once, by tag', () => {
    const ids = operations.map((one) => one.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(
      Object.values(document.paths).flatMap((item) => Object.values(item).filter((one) => one.operationId))
        .length,
    );
    const groups = grouped(operations, '');
    expect(groups.flatMap((group) => group.operations).length).toBe(ids.length);
  });

  it('are found by words of their path, id, summary and tag', () => {
    const ids = (query: string) =>
      grouped(operations, query).flatMap((one) => one.operations.map((o) => o.operationId));
    expect(ids('put /secrets')).toEqual(['put_secret']);
    expect(ids('call_action')).toContain('call_action');
    expect(ids('list agents')).toContain('list_agents');
    expect(ids('nothing has these words')).toEqual([]);
  });

  it('have a heading of one sentence', () => {
    expect(operation('put_secret').title).toBe('Set values of a secret');
    expect(operation('put_secret').more).toBe(
      'An environment that is left out keeps its value; null removes it.',
    );
    expect(operation('get_action').title).toBe('Read an action');
    for (const one of operations) expect(one.title, one.operationId).not.toMatch(/\.$|\. /);
  });

  it('say who may ask', () => {
    expect(operation('list_agents').access).toEqual(['api_key', 'session']);
    expect(operation('sign_in').access).toEqual([]);
    expect(operation('switch_workspace').access).toEqual(['session']);
  });
});

describe('an address', () => {
  it('names an operation, the errors, one error or nothing', () => {
    expect(placeOf('/operations/list_agents')).toEqual({ at: 'operation', operationId: 'list_agents' });
    expect(placeOf('#/errors')).toEqual({ at: 'errors' });
    expect(placeOf('/errors/not_found')).toEqual({ at: 'error', code: 'not_found' });
    for (const hash of ['', 'main', '/operations', '/operations/'])
      expect(placeOf(hash)).toEqual({ at: 'start' });
  });
});

describe('a schema', () => {
  it('is told in a few words', () => {
    const words: [Schema, string][] = [
      [{ type: 'string' }, 'string'],
      [{ type: ['string', 'null'] }, 'string or null'],
      [{ type: 'string', format: 'date-time' }, 'string (date-time)'],
      [{ type: 'array', items: { $ref: '#/components/schemas/Agent' } }, 'list of Agent'],
      [{ oneOf: [{ $ref: '#/components/schemas/Agent' }, { type: 'null' }] }, 'Agent or null'],
      [{ type: 'object', additionalProperties: { type: 'string' } }, 'object of string'],
      [{}, 'any JSON value'],
    ];
    for (const [schema, expected] of words) expect(typeWords(schema, schemas)).toBe(expected);
  });

  it('has variants by the member that tells them apart', () => {
    const { schema } = resolve({ $ref: '#/components/schemas/IntegrationInput' }, schemas);
    expect(variantsOf(schema, schemas).map((one) => one.word)).toEqual([
      'custom_api',
      'mcp_server',
      'messaging_channel',
    ]);
  });

  it('is described by its place before its type', () => {
    const described = { $ref: '#/components/schemas/ActionId', description: 'Here.' };
    expect(resolve(described, schemas).description).toBe('Here.');
    expect(resolve({ $ref: '#/components/schemas/ActionId' }, schemas).description).toBe(
      'The id of a shared action.',
    );
  });

  it('is opened where something is in it', () => {
    expect(inside({ type: 'string' }, schemas)).toBeUndefined();
    const list: Schema = { type: 'array', items: { $ref: '#/components/schemas/Agent' } };
    expect(inside(list, schemas)).toEqual({ $ref: '#/components/schemas/Agent' });
  });

  it('says its limits', () => {
    expect(limitsOf({ minimum: 1, maximum: 200, default: 50 })).toEqual(['1 to 200', 'default 50']);
    expect(limitsOf({ maxLength: 100 })).toEqual(['at most 100 characters']);
    expect(limitsOf({ minLength: 0, default: null })).toEqual([]);
  });

  it('of every body has an example that ends', () => {
    for (const { requestBody } of operations) {
      for (const { schema } of Object.values(requestBody?.content ?? {})) {
        if (schema) expect(JSON.stringify(exampleOf(schema, schemas)).length).toBeLessThan(4_000);
      }
    }
  });
});

describe('the command of an operation', () => {
  it('has its key, its address and its body', () => {
    expect(curlOf(operation('list_agents'), 'http://here', schemas)).toBe(
      `curl -sS 'http://here/api/v1/agents' \\\n  -H "Authorization: Bearer $KEY"`,
    );
    const put = curlOf(operation('put_secret'), 'http://here', schemas);
    expect(put).toContain(`curl -sS -X PUT 'http://here/api/v1/secrets/`);
    expect(put).toContain(`-H 'Content-Type: application/json'`);
    expect(put).toContain(`-d '{`);
  });

  it('needs no key where nobody is asked for one', () => {
    expect(curlOf(operation('sign_in'), 'http://here', schemas)).not.toContain('Authorization');
  });

  it('leaves nothing of a path open', () => {
    for (const one of operations) {
      const address = curlOf(one, 'http://here', schemas).split('\n')[0];
      expect(address, one.operationId).not.toMatch(/[{}]/);
    }
  });
});
