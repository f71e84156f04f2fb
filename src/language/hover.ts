import type { MessageNode } from "../proto/text/tree.js";
import { contractOf, detailOf, fieldContract, layerDetail } from "./describe.js";
import { documentOf, firstOf, layersOf, ownFields, pathTo, rangeOf, scalarsOf, textOf, valuesOf } from "./document.js";
import { nameAt, occurrencesAt } from "./names.js";
import type { Hover } from "./types.js";

/**
 * What stands at an offset, as markdown: a field with its type, its default and what the layer's contract says of it; a layer's type with
 * its contract; a blob with its maker and its readers.
 *
 * @example
 * ```ts
 * const hover = await hoverAt('layer { type: "ReLU" }', 16);
 * console.log(hover?.markdown.split("\n")[0]); // **ReLU** · activation
 * ```
 */
export async function hoverAt(text: string, offset: number): Promise<Hover | undefined> {
  const document = documentOf(text);
  const { steps } = pathTo(document, offset);
  const last = steps.at(-1);
  if (!last) return undefined;
  const { field, desc } = last;
  const layer = layersOf(document).find((each) => steps.some(({ body }) => body === each));
  const type = layer && firstOf(ownFields(layer), "type");
  if (offset <= field.nameEnd) {
    if (!desc) return undefined;
    const about = await fieldContract(type, field.name);
    const head = `**${field.name}** · ${detailOf(desc)}`;
    return { from: field.offset, to: field.nameEnd, markdown: about === undefined ? head : `${head}\n\n${about}` };
  }
  const node = valuesOf(field).find((value) => value.offset <= offset && offset <= value.end);
  if (node?.kind !== "scalar") return undefined;
  const range = rangeOf(node);
  if (layer && field.name === "type") {
    const contract = await contractOf(textOf(node));
    const head = `**${textOf(node)}** · ${layerDetail(textOf(node)) || "Moka does not have this type"}`;
    return { ...range, markdown: contract === undefined ? head : `${head}\n\n${contract}` };
  }
  const named = nameAt(document, offset);
  if (named?.kind === "blob") return { ...range, markdown: blobText(text, offset, named.name, layersOf(document)) };
  if (named?.kind === "layer" && layer) return { ...range, markdown: layerText(layer) };
  const value = desc?.enum?.values.find(({ name }) => name === node.text);
  return value && desc?.enum
    ? { ...range, markdown: `**${value.name}** · ${desc.enum.name}, number ${value.number}` }
    : undefined;
}

function blobText(text: string, offset: number, name: string, layers: readonly MessageNode[]): string {
  const at = (role: "made" | "read") => occurrencesAt(text, offset).filter((each) => each.role === role);
  const owner = (from: number) => layers.find((layer) => layer.offset <= from && from <= layer.end);
  const list = (role: "made" | "read") => {
    const names = at(role).map(({ from }) => {
      const layer = owner(from);
      return layer
        ? `\`${firstOf(ownFields(layer), "name") ?? "?"}\` (${firstOf(ownFields(layer), "type") ?? "?"})`
        : "the file's `input`";
    });
    return [...new Set(names)];
  };
  const lines = [`**${name}** · blob`, `Made by ${sentence(list("made"))}.`, `Read by ${sentence(list("read"))}.`];
  return lines.join("\n\n");
}

/** The most names of a list. */
const most = 8;

function sentence(names: readonly string[]): string {
  if (names.length === 0) return "no layer";
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return names.slice(0, most).join(", ") + more;
}

function layerText(layer: MessageNode): string {
  const own = ownFields(layer);
  const names = (field: string) => scalarsOf(layer, field).map((node) => `\`${textOf(node)}\``);
  const type = firstOf(own, "type") ?? "?";
  const lines = [`**${firstOf(own, "name") ?? ""}** · layer of type ${type}`];
  if (names("bottom").length > 0) lines.push(`Reads ${names("bottom").join(", ")}.`);
  if (names("top").length > 0) lines.push(`Makes ${names("top").join(", ")}.`);
  return lines.join("\n\n");
}
