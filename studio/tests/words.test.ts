import { describe, expect, it } from 'vitest';
import { scriptIn } from '~/api/chunk';
import { problemOf } from '~/api/problem';
import { reached } from '~/api/reached';
import { freshAction } from '~/pages/agents/actions/fresh';
import { missingIn } from '~/pages/agents/actions/words';
import { connectionWords, isTelling } from '~/pages/integrations/connectionWords';
import { propertyNameProblem } from '~/parts/schema/schema';
import { relativeWords } from '~/parts/time';
import { typedOn } from '~/shell/earlyKeys';

describe('true words', () => {
  it('blame the network for a failed fetch alone', async () => {
    await expect(reached(Promise.reject(new TypeError('Failed to fetch')))).rejects.toMatchObject({
      code: 'network',
    });
    const fault = problemOf(new TypeError('one is null'));
    expect(fault.code).toBe('unexpected');
    expect(fault.detail).toContain('one is null');
    const stopped = new DOMException('stopped', 'AbortError');
    await expect(reached(Promise.reject(stopped))).rejects.toBe(stopped);
  });

  it('know the script of a start page', () => {
    expect(scriptIn('<script type="module" crossorigin src="/assets/index-abc.js"></script>')).toBe(
      '/assets/index-abc.js',
    );
    expect(scriptIn('<html></html>')).toBeUndefined();
  });

  it('never put what is past into the future', () => {
    const now = new Date('2026-01-02T00:00:00Z');
    expect(relativeWords(new Date('2026-01-02T00:00:14Z'), now)).toBe('just now');
    expect(relativeWords(new Date('2026-01-02T02:00:00Z'), now)).toBe('just now');
    expect(relativeWords(new Date('2026-01-02T02:00:00Z'), now, 'future')).toBe('in 2 hours');
  });

  it('say of a connection what its answer tells', () => {
    const answered = (http_status: number) => ({ http_status, tools: null });
    expect(connectionWords('custom_api', answered(200))).toContain('did not refuse the credentials');
    expect(isTelling('custom_api', answered(404))).toBe(false);
    expect(connectionWords('custom_api', answered(404))).toContain('does not tell whether it accepts');
    expect(connectionWords('custom_api', answered(405))).toContain('does not tell whether it accepts');
    expect(connectionWords('messaging_channel', answered(404))).toContain('accepts the API key');
    expect(connectionWords('mcp_server', { http_status: null, tools: 1 })).toBe('The server offers 1 tool.');
  });
});

describe('what is not complete', () => {
  it('is an action without what its kind needs', () => {
    expect(missingIn(freshAction('end_call', 'end_call'), [])).toBeUndefined();
    expect(missingIn(freshAction('api_call', 'rates'), [])).toContain('URL');
    expect(
      missingIn({ ...freshAction('api_call', 'rates'), url: 'https://x.test' } as never, []),
    ).toBeUndefined();
    expect(missingIn(freshAction('handover', 'a'), [])).toBeDefined();
    expect(missingIn(freshAction('client_event', 'a'), [])).toBeDefined();
    expect(missingIn(freshAction('send_text_message', 'a'), [])).toContain('channel');
    expect(missingIn(freshAction('end_call', 'taken'), ['taken'])).toContain('name');
  });

  it('is a parameter without a name of its own', () => {
    expect(propertyNameProblem('', [])).toBeDefined();
    expect(propertyNameProblem('a', ['a'])).toBe('This name is taken.');
    expect(propertyNameProblem('b', ['a'])).toBeUndefined();
  });
});

describe('early keys', () => {
  it('make up the text that was typed', () => {
    expect(typedOn('bil', 'l')).toBe('bill');
    expect(typedOn('bill', 'Backspace')).toBe('bil');
    expect(typedOn('bill', 'Enter')).toBeUndefined();
    expect(typedOn('', 'é')).toBe('é');
  });
});
