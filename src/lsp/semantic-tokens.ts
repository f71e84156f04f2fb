import { type SemanticTokens, SemanticTokensBuilder, type SemanticTokensLegend } from "vscode-languageserver";
import type { SyntaxToken } from "../language/index.js";
import type { Places } from "./positions.js";

/** The kinds of tokens by their names in the protocol, which themes have colors for. */
const typeOf = {
  comment: "comment",
  field: "property",
  message: "struct",
  type: "class",
  blob: "variable",
  layer: "function",
  string: "string",
  number: "number",
  enum: "enumMember",
  boolean: "keyword",
  operator: "operator",
} as const satisfies Readonly<Record<SyntaxToken["kind"], string>>;

const types = Object.values(typeOf);

export const tokensLegend: SemanticTokensLegend = { tokenTypes: [...types], tokenModifiers: [] };

/** Tokens in the protocol's form. One that goes over several lines has a part on each, as the protocol wants it. */
export function semanticTokens(tokens: readonly SyntaxToken[], places: Places): SemanticTokens {
  const builder = new SemanticTokensBuilder();
  for (const { from, to, kind } of tokens) {
    const type = types.indexOf(typeOf[kind]);
    const { start, end } = places.range({ from, to });
    if (start.line === end.line) builder.push(start.line, start.character, end.character - start.character, type, 0);
    else
      for (const part of partsOf(places, from, to)) {
        const at = places.range(part).start;
        builder.push(at.line, at.character, part.to - part.from, type, 0);
      }
  }
  return { data: builder.build().data };
}

function partsOf({ text }: Places, from: number, to: number) {
  return [...text.slice(from, to).matchAll(/[^\r\n]+/g)].map(({ index, 0: { length } }) => {
    return { from: from + index, to: from + index + length };
  });
}
