/** Where the layers of a text are. */

export interface LayerRange {
  /** Empty while it has none. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

const tokens = /#[^\n]*|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[{}<>]|[^\s{}<>#"':;,]+/g;

/** The layers of a text, in its order. One that is not closed goes to the end of the text. */
export function layersOf(text: string): readonly LayerRange[] {
  const found: LayerRange[] = [];
  let [depth, name, from] = [0, "", -1];
  // The word before this one, where a value's field is looked for.
  let [last, lastAt] = ["", 0];
  const end = (to: number) => {
    if (from >= 0) found.push({ name, from, to });
    [name, from] = ["", -1];
  };
  for (const { 0: part, index } of text.matchAll(tokens)) {
    if (part.startsWith("#")) continue;
    if (part === "{" || part === "<") {
      if (depth === 0 && (last === "layer" || last === "layers")) from = lastAt;
      depth++;
    } else if (part === "}" || part === ">") {
      depth = Math.max(0, depth - 1);
      if (depth === 0) end(index + 1);
    } else if (depth === 1 && from >= 0 && last === "name" && /^["']/.test(part)) name = unquoted(part);
    [last, lastAt] = [part, index];
  }
  end(text.length);
  return found;
}

function unquoted(quoted: string): string {
  const end = quoted.length > 1 && quoted.endsWith(quoted.charAt(0)) ? -1 : undefined;
  return quoted.slice(1, end).replaceAll(/\\(["'\\])/g, "$1");
}
