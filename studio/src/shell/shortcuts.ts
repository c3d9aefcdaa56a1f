import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { flushSync } from 'react-dom';
import { PAGES } from './pages';
import { goToSearch, isTyping } from './searchKey';

export const MOD = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl';

/** All shortcuts there are, for the dialog; pages add theirs here. */
export const SHORTCUTS = [
  { keys: [MOD, 'K'], does: 'Search pages, integrations, agents and actions' },
  { keys: ['?'], does: 'Show this list' },
  { keys: ['/'], does: 'Go to the search field of the page' },
  { keys: [MOD, 'S'], does: 'Save the form or draft on the page' },
  { keys: ['Esc'], does: 'Close what is open on top' },
];

/** Ctrl/Cmd-K, `?`, `/`, and g followed by the letter of a page. */
export function useShortcuts({
  openPalette,
  openShortcuts,
}: {
  openPalette: () => void;
  openShortcuts: () => void;
}): void {
  const navigate = useNavigate();
  const leader = useRef(0);
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        openPalette();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('[role="dialog"]')) return;
      const page = PAGES.find((one) => one.key === event.key);
      if (page && event.timeStamp - leader.current < 1200) {
        leader.current = 0;
        void navigate({ to: page.to });
      } else if (event.key === 'g') {
        leader.current = event.timeStamp;
      } else if (event.key === '?') {
        openShortcuts();
      } else {
        goToSearch(event, '#main input[type="search"]');
      }
    }
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [navigate, openPalette, openShortcuts]);
}

/** Some fields take what is typed when they are left, such as a list of choices: as if this one was left, and come back to. */
function commitFocused(): void {
  const field = document.activeElement;
  if (!(field instanceof HTMLInputElement)) return;
  flushSync(() => field.blur());
  field.focus({ preventScroll: true });
}

/** Ctrl/Cmd-S on a page with something to save. */
export function useSaveShortcut(save: () => void, enabled: boolean): void {
  const latest = useRef(save);
  latest.current = save;
  useEffect(() => {
    if (!enabled) return;
    function onKeyDown(event: KeyboardEvent) {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 's') return;
      event.preventDefault();
      commitFocused();
      latest.current();
    }
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [enabled]);
}
