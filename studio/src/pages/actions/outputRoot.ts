import { isObject } from '~/parts/schema/schema';
import type { Kind } from './values';

/**
 * Where the paths of output variables start: the answer's JSON; of an MCP tool its `structuredContent`, or its
 * text where that is JSON. `undefined` when there is nothing to take from.
 */
export function outputRoot(kind: Kind, output: unknown): unknown {
  if (kind !== 'mcp_server') return typeof output === 'object' && output !== null ? output : undefined;
  if (!isObject(output)) return undefined;
  if (output.structuredContent !== undefined) return output.structuredContent;
  const blocks: unknown[] = Array.isArray(output.content) ? output.content : [];
  for (const block of blocks) {
    if (!isObject(block) || typeof block.text !== 'string') continue;
    try {
      const value: unknown = JSON.parse(block.text);
      if (typeof value === 'object' && value !== null) return value;
    } catch {
      // Plain text: nothing to take from.
    }
  }
  return undefined;
}
