import { afterEach, describe, expect, it, vi } from 'vitest';
import { apiFetch, setGate } from '~/api/fetch';
import { Problem } from '~/api/problem';
import { asksAgain } from '~/api/session';

const url = 'http://studio.example/api/v1/agents';

function answers(...list: [number, object][]): ReturnType<typeof vi.fn> {
  const fake = vi.fn();
  for (const [status, body] of list)
    fake.mockResolvedValueOnce(new Response(JSON.stringify(body), { status }));
  vi.stubGlobal('fetch', fake);
  return fake;
}

function gate(signsIn: boolean) {
  const made = {
    csrfToken: vi.fn(() => 'token'),
    workspace: vi.fn(() => 'wsp_1'),
    bringBack: vi.fn(async () => signsIn),
    renew: vi.fn(async () => undefined),
    signInAgain: vi.fn(async () => signsIn),
  };
  setGate(made);
  return made;
}

function sent(fake: ReturnType<typeof vi.fn>, index: number): Request {
  const request: unknown = fake.mock.calls[index]?.[0];
  if (!(request instanceof Request)) throw new Error('nothing was sent');
  return request;
}

const post = () => new Request(url, { method: 'POST', body: '{"name":"typed"}' });

afterEach(() => vi.unstubAllGlobals());

describe('apiFetch', () => {
  it('sends the CSRF token with what changes something', async () => {
    gate(true);
    const fake = answers([200, {}], [200, {}]);
    await apiFetch(post());
    await apiFetch(new Request(url));
    expect(sent(fake, 0).headers.get('X-CSRF-Token')).toBe('token');
    expect(sent(fake, 1).headers.get('X-CSRF-Token')).toBeNull();
  });

  it('names the workspace with every request, and repeats what another tab came between', async () => {
    const door = gate(true);
    const fake = answers([409, { code: 'workspace_changed' }], [201, { id: 'agt_1' }], [200, {}]);
    const response = await apiFetch(post());
    expect(response.status).toBe(201);
    expect(door.bringBack).toHaveBeenCalledOnce();
    expect(await sent(fake, 1).text()).toBe('{"name":"typed"}');
    await apiFetch(new Request(url));
    for (const index of [0, 1, 2]) {
      expect(sent(fake, index).headers.get('Switchboard-Workspace')).toBe('wsp_1');
    }
  });

  it('does nothing more when the person would not go back to the workspace', async () => {
    gate(false);
    const fake = answers([409, { code: 'workspace_changed' }]);
    await expect(apiFetch(post())).rejects.toMatchObject({ code: 'workspace_changed' });
    expect(fake).toHaveBeenCalledOnce();
  });

  it('repeats the request, body and all, after signing in again', async () => {
    const door = gate(true);
    const fake = answers([401, { code: 'unauthenticated' }], [201, { id: 'agt_1' }]);
    const response = await apiFetch(post());
    expect(response.status).toBe(201);
    expect(door.signInAgain).toHaveBeenCalledOnce();
    expect(await sent(fake, 1).text()).toBe('{"name":"typed"}');
  });

  it('says so when the person did not sign in', async () => {
    gate(false);
    answers([401, { code: 'unauthenticated' }]);
    await expect(apiFetch(post())).rejects.toMatchObject({ code: 'signed_out' });
  });

  it('takes a wrong password for what it is', async () => {
    const door = gate(true);
    answers([401, { code: 'invalid_credentials', detail: 'not right' }]);
    await expect(apiFetch(post())).rejects.toBeInstanceOf(Problem);
    expect(door.signInAgain).not.toHaveBeenCalled();
  });

  it('renews the CSRF token once', async () => {
    const door = gate(true);
    answers([403, { code: 'csrf_failed' }], [200, {}]);
    await apiFetch(post());
    expect(door.renew).toHaveBeenCalledOnce();
  });
});

describe('after "Not now"', () => {
  it('only what the person does asks again', () => {
    expect(asksAgain('read', 5_000, 0)).toBe(true);
    expect(asksAgain('read', 40_000, 1_000, 2_000)).toBe(false);
    expect(asksAgain('change', 40_000, 1_000, 2_000)).toBe(true);
    expect(asksAgain('read', 40_100, 40_000, 2_000)).toBe(true);
    expect(asksAgain('read', 70_000, 40_000, 2_000)).toBe(false);
  });
});
