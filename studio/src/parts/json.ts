import { isObject, type JsonObject } from './schema/schema';

/** The object that was typed, nothing being an empty one; undefined when it is none. */
export function typedObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
