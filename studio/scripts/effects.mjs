/*
 * What an effect returns is taken for its cleanup. An expression returns whatever it is worth, and a
 * browser may make a promise tomorrow of what is nothing today. So every effect has its body in braces.
 *
 *   node scripts/effects.mjs src
 */
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const EFFECT = /^use\w*Effect$/;

/** The lines of the effects in a source that may return what is no cleanup. */
export function wrongEffects(source) {
  const file = ts.createSourceFile('source.tsx', source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found = [];
  const visit = (node) => {
    if (ts.isCallExpression(node) && EFFECT.test(nameOf(node.expression)) && !isFine(node.arguments[0])) {
      found.push(file.getLineAndCharacterOfPosition(node.getStart()).line + 1);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function nameOf(callee) {
  if (ts.isIdentifier(callee)) return callee.text;
  return ts.isPropertyAccessExpression(callee) ? callee.name.text : '';
}

function isFine(run) {
  if (!run || !(ts.isArrowFunction(run) || ts.isFunctionExpression(run))) return false;
  const isAsync = run.modifiers?.some((one) => one.kind === ts.SyntaxKind.AsyncKeyword);
  return ts.isBlock(run.body) && !isAsync;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? 'src';
  const files = readdirSync(folder, { recursive: true }).filter((name) => /\.tsx?$/.test(name));
  const wrong = files.flatMap((name) => {
    const path = join(folder, name);
    return wrongEffects(readFileSync(path, 'utf8')).map((line) => `${path}:${line}`);
  });
  for (const place of wrong) {
    console.error(`${place}: an effect must not return the value of an expression; put its body in braces`);
  }
  if (wrong.length > 0) process.exit(1);
}
