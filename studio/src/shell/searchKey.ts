export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, select, [contenteditable="true"]') !== null
  );
}

/** `/` goes to the search field of the page. */
export function goToSearch(event: KeyboardEvent, field: string): void {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const found = document.querySelector<HTMLInputElement>(field);
  if (!found) return;
  event.preventDefault();
  found.focus();
}
