/** Set by a move to another page, taken by the first heading that is drawn there. */
let wanted = false;

export function wantFocus(): void {
  wanted = true;
}

export function takeFocus(): boolean {
  const was = wanted;
  wanted = false;
  return was;
}
