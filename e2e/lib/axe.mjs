import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Looks for what keeps people out. Through the debugger, because the page's policy forbids `eval`. */
export async function seriousViolations(page) {
  const cdp = await page.context().newCDPSession(page);
  const run = async (expression) => {
    const answer = await cdp.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
      allowUnsafeEvalBlockedByCSP: true,
    });
    if (answer.exceptionDetails) throw new Error(`axe: ${answer.exceptionDetails.exception?.description}`);
    return answer.result.value;
  };
  try {
    if (!(await run('typeof window.axe === "object"'))) await run(source);
    return JSON.parse(
      await run(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations, passes }) => {
        if (passes.length === 0) throw new Error('axe looked at nothing');
        return JSON.stringify(violations.filter((one) => ['serious', 'critical'].includes(one.impact)).map((one) =>
          one.id + ': ' + one.nodes.slice(0, 3).map((node) =>
            node.html.slice(0, 160) + ' (' + (node.any[0]?.message ?? node.all[0]?.message ?? one.help).slice(0, 160) + ')').join(' | ')));
      })`),
    );
  } finally {
    await cdp.detach();
  }
}
