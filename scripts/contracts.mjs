// The contracts of the layers: the doc comments above their classes.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The classes behind the types, by src/layers/index.ts. */
const registered = new Set(
  [...readFileSync(`${root}src/layers/index.ts`, "utf8").matchAll(/^export \{ (\w+) \}/gm)].map(([, name]) => name),
);

/**
 * The layer types that a file declares, and its other classes (abstract ones, and what a type means in another fork), each with the
 * comment directly above it.
 */
export function contractsIn(path) {
  const text = readFileSync(`${root}${path}`, "utf8").replaceAll("\r\n", "\n");
  const found = /\n(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\nexport (?:abstract )?class (\w+)/g;
  return [...text.matchAll(found)].map(([, words, name]) => {
    const isBase = !registered.has(name);
    const type = isBase ? name : text.match(/\n {2}static (?:override )?readonly type(?:: string)? = "([\w.]+)"/)?.[1];
    return { type, path, isBase, paragraphs: paragraphsOf(words) };
  });
}

/** A comment's paragraphs, as lists of lines. */
function paragraphsOf(comment) {
  const lines = comment
    .slice(3, -2)
    .split("@example")[0]
    .split("\n")
    .map((line) => line.replace(/^ *\* ?/, "").trimEnd());
  return lines
    .join("\n")
    .trim()
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.split("\n"));
}
