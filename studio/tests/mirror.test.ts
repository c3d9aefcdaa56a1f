import { beforeEach, describe, expect, it } from 'vitest';
import { forget, forgetAll, keep, kept } from '~/parts/mirror';

class Store {
  room = Number.POSITIVE_INFINITY;
  readonly map = new Map<string, string>();
  get length() {
    return this.map.size;
  }
  key = (index: number) => [...this.map.keys()][index] ?? null;
  getItem = (key: string) => this.map.get(key) ?? null;
  removeItem = (key: string) => void this.map.delete(key);
  setItem(key: string, value: string) {
    const others = [...this.map].filter(([one]) => one !== key);
    if (others.reduce((sum, [, text]) => sum + text.length, value.length) > this.room)
      throw new Error('full');
    this.map.set(key, value);
  }
}

describe('what is typed and not saved', () => {
  let store: Store;
  beforeEach(() => {
    store = new Store();
  });
  const at = (minute: number) => `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z`;

  it('comes back by its name until it is forgotten', () => {
    keep(store, 'me/agent/1', { text: 'Hello' }, at(1));
    expect(kept(store, 'me/agent/1')).toEqual({ at: at(1), data: { text: 'Hello' } });
    expect(kept(store, 'you/agent/1')).toBeUndefined();
    forget(store, 'me/agent/1');
    expect(kept(store, 'me/agent/1')).toBeUndefined();
  });

  it('makes room for the newest', () => {
    for (let minute = 0; minute < 12; minute += 1) keep(store, `agent/${minute}`, minute, at(minute));
    expect(store.length).toBe(8);
    expect(kept(store, 'agent/3')).toBeUndefined();
    expect(kept(store, 'agent/11')?.data).toBe(11);
    store.room = 200;
    keep(store, 'agent/12', 'x'.repeat(100), at(12));
    expect(kept(store, 'agent/12')?.data).toHaveLength(100);
  });

  it('keeps nothing rather than half, and takes nothing that it did not write', () => {
    keep(store, 'agent/1', 'x'.repeat(2_000_000), at(1));
    expect(kept(store, 'agent/1')).toBeUndefined();
    store.setItem('switchboard.unsaved/agent/2', '{"half');
    expect(kept(store, 'agent/2')).toBeUndefined();
    store.setItem('theme', 'dark');
    forgetAll(store);
    expect([...store.map.keys()]).toEqual(['theme']);
  });
});
