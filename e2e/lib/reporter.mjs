/** One line for each flow; of a failed one what happened. */
export default async function* reporter(source) {
  let failed = 0;
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.nesting > 0 || data.details?.type === 'suite' || data.name.endsWith('.mjs')) {
      if (type === 'test:fail' && data.name.endsWith('.mjs')) {
        failed += 1;
        yield `FAILED  ${data.name}\n${reasonOf(data.details.error)}\n`;
      }
      continue;
    }
    const seconds = `${(data.details.duration_ms / 1000).toFixed(1)} s`;
    if (data.skip !== undefined) yield `skipped ${data.name}: ${data.skip}\n`;
    else if (type === 'test:pass') yield `ok      ${data.name} (${seconds})\n`;
    else {
      failed += 1;
      yield `FAILED  ${data.name} (${seconds})\n${reasonOf(data.details.error)}\n`;
    }
  }
  yield failed === 0 ? 'all flows passed\n' : `${failed} failed; pictures are in e2e/screenshots/failed-*\n`;
}

function reasonOf(error) {
  const cause = error?.cause ?? error;
  return String(cause?.stack ?? cause)
    .split('\n')
    .map((line) => `        ${line}`)
    .join('\n');
}
