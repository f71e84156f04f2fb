import type { Body, Comment } from "../proto/text/tree.js";
import { documentOf, valuesOf } from "./document.js";
import type { TextRange } from "./types.js";

/**
 * The parts of a text that an editor can fold: messages and lists over several lines, from behind the opening brace to before the closing
 * one, and runs of comment lines.
 *
 * @example
 * ```ts
 * const [fold] = foldsOf("layer {\n  name: \"a\"\n}");
 * console.log(fold); // { from: 7, to: 20 }
 * ```
 */
export function foldsOf(text: string): readonly TextRange[] {
  const folds: TextRange[] = [];
  const comments = new Map<number, Comment>();
  const take = (all: readonly Comment[]) => {
    for (const comment of all) comments.set(comment.line, comment);
  };
  const walk = (body: Body) => {
    for (const field of body.fields) {
      take(field.leading);
      const { value } = field;
      if (value && value.kind !== "scalar" && value.endLine > value.line) {
        const closes = /[}>\]]/.test(text.charAt(value.end - 1));
        folds.push({ from: value.offset + 1, to: value.end - (closes ? 1 : 0) });
      }
      for (const each of valuesOf(field)) if (each.kind === "message") walk(each);
    }
    take(body.dangling);
  };
  walk(documentOf(text).tree);
  for (const first of comments.values()) {
    if (comments.has(first.line - 1)) continue;
    let lastLine = first;
    for (let next = comments.get(lastLine.line + 1); next; next = comments.get(lastLine.line + 1)) lastLine = next;
    if (lastLine !== first) folds.push({ from: first.end, to: lastLine.end });
  }
  return folds.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from || b.to - a.to);
}
