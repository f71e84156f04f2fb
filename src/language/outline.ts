import type { Body, FieldNode } from "../proto/text/tree.js";
import { documentOf, firstOf, ownFields, rangeOf, scalarsOf, valuesOf } from "./document.js";
import type { OutlineItem, TextRange } from "./types.js";

/**
 * The parts of a net or solver, as a list or tree beside an editor: layers with their types, and all other fields of the file.
 *
 * @example
 * ```ts
 * const [layer] = outlineOf('layer { name: "conv1" type: "Convolution" }');
 * console.log(layer?.name, layer?.detail); // conv1 Convolution
 * ```
 */
export function outlineOf(text: string): readonly OutlineItem[] {
  return itemsOf(documentOf(text).tree, text);
}

function itemsOf({ fields }: Body, text: string): readonly OutlineItem[] {
  return fields.map((field) => itemOf(field, text));
}

function itemOf(field: FieldNode, text: string): OutlineItem {
  const { name, offset: from, end: to, nameEnd } = field;
  const own: TextRange = { from, to: nameEnd };
  const [value] = valuesOf(field);
  if (value?.kind !== "message") {
    const detail = value?.kind === "scalar" ? text.slice(value.offset, value.end) : "";
    return { name, detail: shortened(detail), kind: "field", from, to, selection: own, children: [] };
  }
  const isLayer = name === "layer" || name === "layers";
  const children = itemsOf(value, text);
  if (!isLayer) return { name, detail: "", kind: kindOf(name), from, to, selection: own, children };
  const fields = ownFields(value);
  const [named] = scalarsOf(fields, "name");
  return {
    name: firstOf(fields, "name") || name,
    detail: firstOf(fields, "type") ?? "",
    kind: "layer",
    from,
    to,
    selection: named ? rangeOf(named) : own,
    children,
  };
}

function kindOf(name: string): OutlineItem["kind"] {
  return /^(?:train_|test_)?net_param$/.test(name) ? "net" : "message";
}

/** The most characters of a value in the outline. */
const most = 60;

function shortened(text: string): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
