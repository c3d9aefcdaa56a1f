/** Words for what people do on several pages. */

export const button = (where, name) => where.getByRole('button', { name, exact: true });
export const heading = (page, name) => page.getByRole('heading', { name, exact: true, level: 1 });
export const dialog = (page, title) => page.getByRole('dialog', { name: title });

/** The page of an agent with a tab open and its draft read. */
export async function openAgent(page, id, tab = 'instructions') {
  await page.goto(`/agents/${id}?tab=${tab}`);
  await page.getByRole('tab', { name: /^Instructions/ }).waitFor();
}

/** Types text at the end of the editor of a label, with its keyboard. */
export async function typeAtEnd(page, label, text) {
  const editor = page.getByRole('textbox', { name: label, exact: true });
  await editor.click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type(text);
}

/** Chooses in a list that opens under a field. */
export async function choose(page, where, label, option) {
  await where.getByRole('combobox', { name: label }).click();
  await page.getByRole('option', { name: option }).click();
}
