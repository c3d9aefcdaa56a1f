const MOST = 120;

/** Does everything by keys: nothing is clicked, and no field is focused but by Tab. */
export function keyboardOf(page) {
  const press = (key) => page.keyboard.press(key);
  const type = (text) => page.keyboard.type(text);

  /** Presses Tab until the focus is on a thing of this role and name. */
  async function tabTo(role, name, key = 'Tab') {
    const passed = [];
    for (let step = 0; step < MOST; step += 1) {
      const on = await focused(page);
      if (on && (role === null || on.role === role) && fits(on.name, name)) return;
      if (on) passed.push(`${on.role} ${on.name}`);
      await press(key);
    }
    throw new Error(`Tab does not reach ${role} ${name}; it passes\n${[...new Set(passed)].join('\n')}`);
  }

  /** Chooses in the command palette. */
  async function palette(label) {
    await press('Control+k');
    const field = page.getByPlaceholder(/^Search pages/);
    await field.waitFor();
    await type(label);
    await page.getByRole('dialog').getByRole('button', { name: label }).first().waitFor();
    await press('ArrowDown');
    await press('Enter');
    await field.waitFor({ state: 'detached' });
  }
  return { press, type, tabTo, palette };
}

const fits = (text, name) => (typeof name === 'string' ? text === name : name.test(text));

/** Role and name of what has the focus, as assistive programs are told. */
async function focused(page) {
  const snapshot = await page.evaluate(() => {
    const on = document.activeElement;
    if (!on || on === document.body) return null;
    const roles = { A: 'link', BUTTON: 'button', SELECT: 'combobox', TEXTAREA: 'textbox' };
    const inputs = { checkbox: 'checkbox', radio: 'radio', button: 'button', submit: 'button', search: 'searchbox' };
    const role =
      on.getAttribute('role') ??
      (on.tagName === 'INPUT' ? (inputs[on.type] ?? 'textbox') : (roles[on.tagName] ?? on.tagName.toLowerCase()));
    const labelled = (on.getAttribute('aria-labelledby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id)?.textContent ?? '')
      .join(' ')
      .trim();
    const label = [...(on.labels ?? [])].map((one) => one.textContent).join(' ');
    const name = on.getAttribute('aria-label') || labelled || label || on.textContent || '';
    return { role, name: name.replace(/\s+/g, ' ').trim() };
  });
  return snapshot;
}
