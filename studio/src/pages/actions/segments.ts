/* How a text message is encoded and how many parts it takes, counted as the server does (3GPP TS 23.038). */

export type Encoding = 'GSM-7' | 'UCS-2';

export interface Segments {
  encoding: Encoding;
  parts: number;
  units: number;
  /** How many more units fit into the last part. */
  left: number;
  /** The characters that make it UCS-2. */
  outside: string[];
}

export const MAX_PARTS = 10;
const BEYOND_ASCII = '£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà';
const EXTENSION = '\f^{}\\[~]|€';

function septets(character: string): number | undefined {
  if (/^[\n\r _a-z]$/.test(character) || (character >= ' ' && character <= 'Z' && character.length === 1))
    return 1;
  if (EXTENSION.includes(character)) return 2;
  return BEYOND_ASCII.includes(character) ? 1 : undefined;
}

export function segmentsOf(text: string): Segments {
  const characters = [...text];
  const outside = [...new Set(characters.filter((one) => septets(one) === undefined))];
  const encoding: Encoding = outside.length === 0 ? 'GSM-7' : 'UCS-2';
  const unitsOf = (one: string) => (encoding === 'GSM-7' ? (septets(one) ?? 1) : one.length);
  const units = characters.reduce((sum, one) => sum + unitsOf(one), 0);
  const [single, joined] = encoding === 'GSM-7' ? [160, 153] : [70, 67];
  if (units <= single) return { encoding, parts: text === '' ? 0 : 1, units, left: single - units, outside };
  // A character of two units never lies across two parts.
  let parts = 1;
  let used = 0;
  for (const one of characters) {
    const size = unitsOf(one);
    if (used + size > joined) {
      parts += 1;
      used = 0;
    }
    used += size;
  }
  return { encoding, parts, units, left: joined - used, outside };
}

const EXPRESSION = /\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}/gs;

/** The text of a template that is sent in any case, and whether expressions add to it. */
export function fixedText(template: string): { text: string; expressions: number } {
  const expressions = template.match(EXPRESSION)?.length ?? 0;
  return { text: template.replaceAll(EXPRESSION, ''), expressions };
}
