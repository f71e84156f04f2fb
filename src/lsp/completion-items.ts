import { type CompletionItem, CompletionItemKind, InsertTextFormat, InsertTextMode } from "vscode-languageserver";
import type { Completion } from "../language/index.js";
import type { Places } from "./positions.js";

const kinds = {
  field: CompletionItemKind.Field,
  message: CompletionItemKind.Struct,
  value: CompletionItemKind.EnumMember,
  type: CompletionItemKind.Class,
  blob: CompletionItemKind.Variable,
  layer: CompletionItemKind.Function,
  file: CompletionItemKind.File,
} as const satisfies Readonly<Record<Completion["kind"], CompletionItemKind>>;

/**
 * A completion as an editor takes it, in the order of `index`.
 *
 * @param takesSnippets whether the editor puts the cursor where a snippet says
 */
export function asCompletionItem(
  { label, kind, detail, documentation, insert, caret, from, to }: Completion,
  index: number,
  places: Places,
  takesSnippets: boolean,
): CompletionItem {
  const isSnippet = takesSnippets && caret !== undefined && caret < insert.length;
  const newText = isSnippet ? `${escaped(insert.slice(0, caret))}$0${escaped(insert.slice(caret))}` : insert;
  // Editors compare with what stands in the range, which may have a quote that the label has not.
  const isQuoted = /^["']/.test(insert) && places.text[from] === insert[0];
  return {
    label,
    kind: kinds[kind],
    ...(detail === undefined ? {} : { detail }),
    ...(documentation === undefined ? {} : { documentation: { kind: "markdown", value: documentation } }),
    sortText: String(index).padStart(5, "0"),
    filterText: isQuoted ? insert : label,
    insertTextFormat: isSnippet ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
    insertTextMode: InsertTextMode.asIs,
    textEdit: { range: places.range({ from, to }), newText },
  };
}

function escaped(text: string): string {
  return text.replaceAll(/[\\$}]/g, "\\$&");
}
