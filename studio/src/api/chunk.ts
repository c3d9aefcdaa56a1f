import { Problem } from './problem';
import { reached } from './reached';

/** A page or a part of one whose code is read when it is first shown. What fails says why, in true words. */
export async function chunk<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw await whyNoChunk(error);
  }
}

/** The server is asked whether it still has the Studio that this page is of. */
async function whyNoChunk(error: unknown): Promise<unknown> {
  try {
    const answer = await reached(fetch('/', { cache: 'no-store', headers: { Accept: 'text/html' } }));
    const now = scriptIn(await answer.text());
    const mine = document.querySelector('script[type="module"][src]')?.getAttribute('src');
    if (now !== undefined && mine && now !== mine) {
      return new Problem({
        status: 0,
        code: 'newer_version',
        title: 'A newer version was installed',
        detail: 'This page is from an older version. Reload it to continue.',
      });
    }
  } catch (unreached) {
    return unreached;
  }
  return new Problem({
    status: 0,
    code: 'part_missing',
    title: 'A part of this page could not be loaded',
    detail: `Reload the page; if it happens again, copy the details and report them. ${String(error)}`,
  });
}

/** The address of the script that a start page names. */
export function scriptIn(html: string): string | undefined {
  return /<script[^>]*type="module"[^>]*\ssrc="([^"]+)"/.exec(html)?.[1];
}
