/** Asks again until the answer is one: no fixed pause, an end with words. */
export async function until(what, ask, { timeout = 20_000 } = {}) {
  const end = Date.now() + timeout;
  let last;
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited ${timeout / 1000} s for ${what}${last ? `: ${last.message}` : ''}`);
}
