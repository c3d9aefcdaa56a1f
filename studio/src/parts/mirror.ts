import { useCallback, useEffect, useRef, useState } from 'react';
import { currentSession } from '~/api/session';

/*
 * What is typed and not saved, kept beside the page: a reload, a crash or an upgrade in between must not
 * lose it. In the tab's own storage, so it goes with the tab, and each person has their own.
 */

export interface Kept<T> {
  /** When it was typed, as ISO 8601. */
  at: string;
  data: T;
}

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

const PREFIX = 'switchboard.unsaved/';
const MOST_ENTRIES = 8;
const MOST_CHARACTERS = 1_000_000;
const PAUSE = 200;

function keysOf(store: Store): string[] {
  const keys = Array.from({ length: store.length }, (_, index) => store.key(index) ?? '');
  return keys.filter((key) => key.startsWith(PREFIX));
}

function atOf(store: Store, key: string): string {
  return read(store, key)?.at ?? '';
}

function read(store: Store, key: string): Kept<unknown> | undefined {
  try {
    const value: unknown = JSON.parse(store.getItem(key) ?? 'null');
    if (typeof value !== 'object' || value === null || !('at' in value) || !('data' in value))
      return undefined;
    return typeof value.at === 'string' ? { at: value.at, data: value.data } : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps it; the oldest of others make room. Nothing is kept of what is too large, rather than half of it. */
export function keep(store: Store, name: string, data: unknown, at: string): void {
  const key = PREFIX + name;
  const text = JSON.stringify({ at, data });
  const others = keysOf(store)
    .filter((one) => one !== key)
    .sort((a, b) => atOf(store, a).localeCompare(atOf(store, b)));
  while (others.length >= MOST_ENTRIES) store.removeItem(others.shift() ?? '');
  if (text.length > MOST_CHARACTERS) {
    store.removeItem(key);
    return;
  }
  for (;;) {
    try {
      store.setItem(key, text);
      return;
    } catch {
      const oldest = others.shift();
      if (oldest === undefined) return;
      store.removeItem(oldest);
    }
  }
}

export function kept<T>(store: Store, name: string): Kept<T> | undefined {
  return read(store, PREFIX + name) as Kept<T> | undefined;
}

export function forget(store: Store, name: string): void {
  store.removeItem(PREFIX + name);
}

/** Everything of everybody, at the end of a session. */
export function forgetAll(store: Store): void {
  for (const key of keysOf(store)) store.removeItem(key);
}

/** The tab's storage; none where the browser refuses it. */
export function tabStore(): Storage | undefined {
  try {
    return window.sessionStorage;
  } catch {
    return undefined;
  }
}

export interface Mirror<T> {
  /** What was typed before the page was loaded and never saved. */
  offer: Kept<T> | undefined;
  /** It is back in the form, or nobody wants it. */
  close: () => void;
  /** Drop what is kept: somebody leaves and knows that it gets lost. */
  drop: () => void;
}

/** Mirrors what is typed under a name, while there is something; what an earlier load left is offered. */
export function useMirror<T>(name: string, typed: T | undefined): Mirror<T> {
  const key = `${currentSession()?.user.id ?? ''}/${name}`;
  const [offer, setOffer] = useState(() => {
    const store = tabStore();
    return store && kept<T>(store, key);
  });
  const latest = useRef(typed);
  latest.current = typed;
  const had = useRef(false);
  const dropped = useRef(false);
  const write = useCallback(() => {
    const store = tabStore();
    if (!store || dropped.current || latest.current === undefined) return;
    keep(store, key, latest.current, new Date().toISOString());
  }, [key]);
  useEffect(() => {
    const store = tabStore();
    if (!store) return;
    if (typed === undefined) {
      // It was saved or taken back. Before anything was typed, what is kept is still on offer.
      if (had.current) forget(store, key);
      had.current = false;
      return;
    }
    had.current = true;
    const timer = setTimeout(write, PAUSE);
    window.addEventListener('pagehide', write);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('pagehide', write);
    };
  }, [key, typed, write]);
  // The tab of the page may be left within the pause.
  useEffect(() => {
    return write;
  }, [write]);
  const clear = () => {
    const store = tabStore();
    if (store) forget(store, key);
  };
  return {
    offer,
    drop: () => {
      dropped.current = true;
      clear();
    },
    close: () => {
      if (latest.current === undefined) clear();
      setOffer(undefined);
    },
  };
}
