import { describe, expect, it } from 'vitest';
import { pathOf, stepsOf, valueAt, variableName } from '~/pages/actions/jsonPath';
import { fixedText, segmentsOf } from '~/pages/actions/segments';
import { type Action, changedFields, conflictsOf, inputOf, valuesOf } from '~/pages/actions/values';
import { placeholdersOf, placeOf, templateNames, unfilled } from '~/pages/actions/where';

describe('JSONPath from a click', () => {
  it('is written as RFC 9535 has it', () => {
    expect(pathOf([])).toBe('$');
    expect(pathOf(['items', 0, 'id'])).toBe('$.items[0].id');
    expect(pathOf(["it's", 'a b', '1st'])).toBe("$['it\\'s']['a b']['1st']");
  });
  it.each([[[]], [['a', 3, 'b']], [["it's", 'q"q', 'back\\slash', 'new\nline', 'ä', '']]])(
    'leads back to where it came from: %j',
    (steps) => {
      expect(stepsOf(pathOf(steps))).toEqual(steps);
    },
  );
  it('leaves what leads to many places to the server', () => {
    for (const path of ['$..a', '$.a[*]', '$.a[?@.b]', '$.a[0:2]', 'a.b'])
      expect(stepsOf(path)).toBeUndefined();
  });
  it('is followed in an answer', () => {
    const answer = { a: [{ b: null }] };
    expect(valueAt('$.a[-1].b', answer)).toEqual({ kind: 'found', value: null });
    expect(valueAt('$.a[1]', answer)).toEqual({ kind: 'missing' });
    expect(valueAt('$.toString', answer)).toEqual({ kind: 'missing' });
    expect(valueAt('$.a[*]', answer)).toEqual({ kind: 'unknown' });
  });
  it('names the variable after the last name, and never after a built-in one', () => {
    expect(variableName(['items', 0], [])).toBe('items');
    expect(variableName(['call'], [])).toBe('call_2');
    expect(variableName(['a b'], ['a_b'])).toBe('a_b_2');
  });
});

describe('where an argument goes', () => {
  const get = { method: 'GET', path: '/a/{id}/b?x={{ workspace.y }}', bodyTemplate: '' };
  it('finds the places of a path, not templates', () => {
    expect(placeholdersOf(get.path)).toEqual(['id']);
    expect(unfilled(get.path, { properties: { other: {} } })).toEqual(['id']);
  });
  it('says it in words', () => {
    expect(placeOf('id', get)).toBe('in the path');
    expect(placeOf('q', get)).toBe('in the query');
    expect(placeOf('q', { ...get, method: 'POST' })).toBe('in the JSON body');
    const template = { ...get, method: 'POST', bodyTemplate: '{"a": {{ parameters.q }}}' };
    expect(placeOf('q', template)).toBe('in the body template');
    expect(placeOf('r', template)).toBe('not used by the body template');
  });
  it('offers what a template may use', () => {
    const names = templateNames(
      { properties: { who: { type: 'object', properties: { name: {} } }, 'a-b': {} } },
      ['company'],
      ['amount', 'amount'],
    ).map((one) => one.label);
    expect(names).toContain('parameters.who.name');
    expect(names).toContain('parameters["a-b"]');
    expect(names).toContain('variables.call.from');
    expect(names.filter((name) => name === 'variables.amount')).toHaveLength(1);
    expect(names).toContain('workspace.company');
  });
});

describe('parts of a text message', () => {
  it.each([
    ['a'.repeat(160), 'GSM-7', 1, 160],
    ['a'.repeat(161), 'GSM-7', 2, 161],
    ['€'.repeat(80), 'GSM-7', 1, 160],
    ['€'.repeat(153), 'GSM-7', 3, 306],
    ['ж'.repeat(70), 'UCS-2', 1, 70],
    ['😀'.repeat(36), 'UCS-2', 2, 72],
  ] as const)('%# %s', (text, encoding, parts, units) => {
    expect(segmentsOf(text)).toMatchObject({ encoding, parts, units });
  });
  it('leaves expressions out', () => {
    expect(fixedText('Hi {{ parameters.name }}, {% if x %}a{% endif %}')).toEqual({
      text: 'Hi , a',
      expressions: 3,
    });
  });
});

const action: Action = {
  id: 'act_1',
  integration_id: 'int_1',
  integration_kind: 'custom_api',
  name: 'get',
  description: 'd',
  method: 'GET',
  path: '/x',
  headers: { A: 'b', C: { secret: 's' } },
  parameters: { type: 'object', properties: {} },
  body_template: null,
  output_variables: [{ name: 'n', path: '$.n' }],
  timeout_ms: null,
  shape_digest: '',
  revision: 1,
  created_at: '',
  updated_at: '',
};

describe('the form of an action', () => {
  it('changes nothing by being opened', () => {
    const input = inputOf('custom_api', valuesOf(action));
    expect(input.problem).toBeUndefined();
    if (input.problem === undefined) expect(changedFields({ ...action }, input.body)).toEqual({});
  });
  it('sends what was changed, and null for what was emptied', () => {
    const input = inputOf('custom_api', {
      ...valuesOf({ ...action, timeout_ms: 5 }),
      timeout: '',
      name: 'set',
    });
    if (input.problem === undefined) {
      expect(changedFields({ ...action, timeout_ms: 5 }, input.body)).toEqual({
        name: 'set',
        timeout_ms: null,
      });
    }
  });
  it('does not send a schema that is no JSON', () => {
    expect(inputOf('custom_api', { ...valuesOf(action), parameters: '{' })).toMatchObject({
      pointer: '/parameters',
    });
  });
  it('shows what somebody else changed, and where both did', () => {
    const theirs = { ...action, path: '/y', name: 'other' };
    expect(conflictsOf('custom_api', { ...action }, { ...theirs }, { name: 'mine' })).toEqual([
      { field: 'name', before: 'get', theirs: 'other', mine: 'mine' },
      { field: 'path', before: '/x', theirs: '/y' },
    ]);
  });
});
