import { describe, expect, it } from 'vitest';
import { Problem, problemOfResponse } from '~/api/problem';
import { fieldErrors, pointerWords } from '~/parts/form';

const invalid = {
  status: 422,
  code: 'invalid_input',
  title: 'Unprocessable Entity',
  detail: 'see errors',
  errors: [{ pointer: '/environments/production/base_url', detail: 'not a URL' }],
};

describe('problems', () => {
  it('come from problem+json', async () => {
    const problem = await problemOfResponse(new Response(JSON.stringify(invalid), { status: 422 }));
    expect(problem.code).toBe('invalid_input');
    expect(problem.errors).toHaveLength(1);
  });

  it('stand in for an answer that is none of ours', async () => {
    const problem = await problemOfResponse(new Response('<html>Bad gateway</html>', { status: 502 }));
    expect(problem.code).toBe('http_502');
    expect(problem.detail).toContain('Try again');
  });
});

describe('fieldErrors', () => {
  it('finds the error of a field, and of what is under it', () => {
    const errors = fieldErrors(new Problem(invalid));
    expect(errors('/environments/production/base_url')).toBe('not a URL');
    expect(errors('/environments/production')).toBeUndefined();
    expect(errors('/environments/production', 'under')).toBe('not a URL');
  });

  it('reads a pointer aloud', () => {
    expect(pointerWords('/environments/production/base_url')).toBe('environments › production › base url');
  });
});
