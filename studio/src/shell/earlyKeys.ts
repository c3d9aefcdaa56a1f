/*
 * Keys pressed after the palette was asked for and before its field has the focus. They belong to the
 * field: not to the shortcuts of the page, and not to nobody.
 */

const LONGEST_WAIT = 10_000;

/** A text after one more key; undefined for a key that is none of a text's. */
export function typedOn(text: string, key: string): string | undefined {
  if (key === 'Backspace') return text.slice(0, -1);
  return [...key].length === 1 ? text + key : undefined;
}

interface Early {
  /** Whether the field is there to take the keys itself. */
  ready: (target: EventTarget | null) => boolean;
  onText: (text: string) => void;
  onEscape: () => void;
}

let stop: (() => void) | undefined;

export function stopEarlyKeys(): void {
  stop?.();
}

export function catchEarlyKeys({ ready, onText, onEscape }: Early): void {
  stop?.();
  let text = '';
  function onKeyDown(event: KeyboardEvent) {
    if (ready(event.target)) {
      stop?.();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key === 'Escape') {
      stop?.();
      onEscape();
      return;
    }
    const next = typedOn(text, event.key);
    if (next === undefined) return;
    text = next;
    onText(text);
  }
  const timer = setTimeout(() => stop?.(), LONGEST_WAIT);
  window.addEventListener('keydown', onKeyDown, true);
  stop = () => {
    stop = undefined;
    clearTimeout(timer);
    window.removeEventListener('keydown', onKeyDown, true);
  };
}
