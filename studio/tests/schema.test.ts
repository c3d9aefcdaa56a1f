import { describe, expect, it } from 'vitest';
import { resolve, startingArguments, withMember } from '~/parts/schema/arguments';
import {
  addProperty,
  EMPTY_SCHEMA,
  fieldType,
  keptKeywords,
  parseSchema,
  propertiesOf,
  removeProperty,
  renameProperty,
  setKeyword,
  setRequired,
  setType,
} from '~/parts/schema/schema';

const schema = {
  $comment: 'kept',
  type: 'object',
  properties: {
    id: { type: 'string', pattern: '^inv_', 'x-of-mine': 1 },
    who: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    amount: { type: ['integer', 'null'], minimum: 1 },
  },
  required: ['id', 'amount'],
  additionalProperties: false,
};

describe('the form builder edits the schema itself', () => {
  it('keeps what it does not show', () => {
    const renamed = renameProperty(schema, 'id', 'invoice_id');
    expect(renamed.$comment).toBe('kept');
    expect(Object.keys(renamed.properties as object)).toEqual(['invoice_id', 'who', 'amount']);
    expect(renamed.required).toEqual(['invoice_id', 'amount']);
    expect((renamed.properties as Record<string, unknown>).invoice_id).toEqual(schema.properties.id);
  });
  it('does not rename onto another property', () => {
    expect(renameProperty(schema, 'id', 'amount')).toBe(schema);
  });
  it('removes a property from `required` too, and `required` when it is empty', () => {
    const one = removeProperty(removeProperty(schema, 'id'), 'amount');
    expect('required' in one).toBe(false);
    expect(propertiesOf(one).map((property) => property.name)).toEqual(['who']);
  });
  it('adds under a free name', () => {
    const two = addProperty(addProperty(EMPTY_SCHEMA));
    expect(propertiesOf(two).map((one) => one.name)).toEqual(['argument', 'argument_2']);
  });
  it('marks as required', () => {
    expect(setRequired(schema, 'who', true).required).toEqual(['id', 'amount', 'who']);
    expect(setRequired(schema, 'id', false).required).toEqual(['amount']);
  });
  it('knows what it has fields for', () => {
    expect(fieldType(schema.properties.who)).toBe('other');
    expect(fieldType(schema.properties.amount)).toBe('integer');
    expect(fieldType(true)).toBe('other');
    expect(keptKeywords(schema.properties.id)).toEqual(['x-of-mine']);
  });
  it('takes along what is not of the old type only', () => {
    expect(setType(schema.properties.id, 'integer')).toEqual({ type: 'integer', 'x-of-mine': 1 });
    expect(setType(schema.properties.amount, 'number')).toEqual({ type: ['number', 'null'], minimum: 1 });
    expect(setType({ type: 'string', description: 'd' }, 'array')).toEqual({
      type: 'array',
      description: 'd',
      items: { type: 'string' },
    });
  });
  it('sets a keyword in its place and takes it out again', () => {
    expect(Object.keys(setKeyword(schema.properties.id, 'pattern', '^x'))).toEqual([
      'type',
      'pattern',
      'x-of-mine',
    ]);
    expect(setKeyword(schema.properties.id, 'pattern', '')).toEqual({ type: 'string', 'x-of-mine': 1 });
  });
  it('says what is wrong with a text', () => {
    expect(parseSchema('')).toEqual({ schema: null });
    expect(parseSchema('[]').problem).toMatch(/object/);
    expect(parseSchema('{').problem).toBeTruthy();
  });
});

describe('arguments', () => {
  it('start with the defaults', () => {
    const given = {
      type: 'object',
      properties: { a: { type: 'string', default: 'x' }, b: { type: 'string' } },
    };
    expect(startingArguments(given)).toEqual({ a: 'x' });
  });
  it('follow local references, and no circle for ever', () => {
    const root = { $defs: { a: { $ref: '#/$defs/b' }, b: { type: 'string' }, c: { $ref: '#/$defs/c' } } };
    expect(resolve({ $ref: '#/$defs/a', description: 'd' }, root)).toEqual({
      type: 'string',
      description: 'd',
    });
    expect(resolve({ $ref: '#/$defs/c' }, root)).toEqual({ $ref: '#/$defs/c' });
  });
  it('lose a member that is set to nothing', () => {
    expect(withMember({ a: 1, b: 2 }, 'a', undefined)).toEqual({ b: 2 });
  });
});
