import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { layoutOf } from "../proto/text/layout.js";
import type { Body, Comment, FieldNode, ScalarNode } from "../proto/text/tree.js";
import { documentOf, valuesOf } from "./document.js";
import type { SyntaxKind, SyntaxToken } from "./types.js";

/**
 * What each part of a text is, for highlighting by meaning: which strings name blobs, layers and types, which words are values of enums.
 * In order, without overlaps.
 *
 * @example
 * ```ts
 * const tokens = tokensOf('bottom: "data" # what it reads');
 * console.log(tokens.map(({ kind }) => kind)); // [ 'field', 'blob', 'comment' ]
 * ```
 */
export function tokensOf(text: string): readonly SyntaxToken[] {
  const { tree, schema } = documentOf(text);
  const tokens: SyntaxToken[] = [];
  const comment = ({ offset: from, end: to }: Comment) => tokens.push({ from, to, kind: "comment" });
  const walk = (body: Body, desc: DescMessage | undefined, isLayer: boolean) => {
    for (const field of body.fields) {
      field.leading.forEach(comment);
      const known = desc && layoutOf(desc).byName.get(field.name);
      const isMessage = valuesOf(field).some(({ kind }) => kind === "message");
      tokens.push({ from: field.offset, to: field.nameEnd, kind: isMessage ? "message" : "field" });
      for (const value of valuesOf(field)) {
        value.leading.forEach(comment);
        if (value.kind === "scalar") tokens.push(...scalarTokens(value, field, known, isLayer, text));
        if (value.kind !== "message") continue;
        if (value.opening) comment(value.opening);
        walk(value, known?.message, field.name === "layer" || field.name === "layers");
      }
      if (field.value?.kind === "list") field.value.dangling.forEach(comment);
      if (field.trailing) comment(field.trailing);
    }
    body.dangling.forEach(comment);
  };
  walk(tree, schema, false);
  const sorted = tokens.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from || a.to - b.to);
  return sorted.filter(({ from }, i) => i === 0 || from >= (sorted[i - 1]?.to ?? 0));
}

const namesBlob = new Set(["bottom", "top", "input"]);

function scalarTokens(
  { form, text: token, offset, end }: ScalarNode,
  { name }: FieldNode,
  desc: DescField | undefined,
  isLayer: boolean,
  text: string,
): readonly SyntaxToken[] {
  const kind = (): SyntaxKind => {
    if (namesBlob.has(name)) return "blob";
    if (isLayer && name === "name") return "layer";
    if (isLayer && name === "type") return "type";
    if (form === "string") return "string";
    if (form === "number") return "number";
    if (desc?.scalar === ScalarType.BOOL || token === "true" || token === "false") return "boolean";
    return desc?.enum || form === "name" ? "enum" : "string";
  };
  // A string over several lines is a token a line: editors want no others.
  const parts: SyntaxToken[] = [];
  let from = offset;
  for (const line of text.slice(offset, end).split("\n")) {
    const to = from + line.replace(/\r$/, "").length;
    parts.push({ from, to, kind: kind() });
    from += line.length + 1;
  }
  return parts;
}
