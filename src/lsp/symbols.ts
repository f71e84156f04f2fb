import { type DocumentSymbol, SymbolKind } from "vscode-languageserver";
import type { OutlineItem } from "../language/index.js";
import type { Places } from "./positions.js";

/** An item of the outline, with what is in it. */
export function asSymbol({ name, detail, from, to, selection, children }: OutlineItem, places: Places): DocumentSymbol {
  return {
    name: name.trim() === "" ? "(no name)" : name, // editors refuse an empty one
    ...(detail ? { detail } : {}),
    kind: SymbolKind.Object,
    range: places.range({ from, to }),
    selectionRange: places.range(selection),
    children: children.map((child) => asSymbol(child, places)),
  };
}
