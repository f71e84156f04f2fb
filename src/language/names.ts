import { filterLayers } from "../core/filter-net.js";
import { connect } from "../core/graph.js";
import { stateOf } from "../core/net-state.js";
import type { LayerParameter, NetParameter } from "../proto/gen/caffe_pb.js";
import { quote } from "../proto/text/strings.js";
import type { Body, MessageNode, ScalarNode } from "../proto/text/tree.js";
import type { Edit } from "../util/edit.js";
import { silent } from "../util/log.js";
import {
  type Document,
  documentOf,
  layersOf,
  messageOf,
  ownFields,
  pathTo,
  rangeOf,
  scalarsOf,
  textOf,
  valuesOf,
} from "./document.js";
import type { Occurrence, Target, TextRange } from "./types.js";

/** What a name names. */
type NameKind = "blob" | "layer" | "param" | "file";

/** A name in the text. */
export interface Named {
  readonly kind: NameKind;
  readonly name: string;
  readonly node: ScalarNode;
  /** The field that holds it: `bottom`, `top`, `name`, `net`, … */
  readonly field: string;
  /** The layer that it stands in. */
  readonly layer: MessageNode | undefined;
}

const namesFile = /^(?:net|train_net|test_net|weights|source|mean_file|root_folder)$/;

/** The name at an offset; undefined where there is none. */
export function nameAt(document: Document, offset: number): Named | undefined {
  const { steps } = pathTo(document, offset);
  const field = steps.at(-1)?.field;
  const node = field && valuesOf(field).find((value) => value.offset <= offset && offset <= value.end);
  if (!field || node?.kind !== "scalar") return undefined;
  const layer = layersOf(document).find((each) => steps.some(({ body }) => body === each));
  const kind = kindOf(
    field.name,
    steps.map((step) => step.field.name),
    layer !== undefined,
  );
  return kind && { kind, name: textOf(node), node, field: field.name, layer };
}

function kindOf(field: string, path: readonly string[], isInLayer: boolean): NameKind | undefined {
  if (isInLayer && (field === "bottom" || field === "top")) return "blob";
  if (!isInLayer && field === "input") return "blob";
  const isParam = path.at(-2) === "param" && field === "name";
  if (isInLayer && (isParam || (field === "param" && path.length > 1))) return "param";
  const depth = path.filter((name) => name === "layer" || name === "layers").length;
  if (
    isInLayer &&
    field === "name" &&
    path.length === depth + 1 + path.filter((name) => name.endsWith("net_param")).length
  )
    return "layer";
  return namesFile.test(field) ? "file" : undefined;
}

/** All places that name a blob, in all layers, whatever their phase. */
function blobPlaces(document: Document, name: string): readonly Occurrence[] {
  const of = (body: Body, field: string, role: Occurrence["role"]) =>
    scalarsOf(body, field)
      .filter((node) => textOf(node) === name)
      .map((node) => ({ ...rangeOf(node), role }));
  const inputs = of(document.tree, "input", "made");
  return [
    ...inputs,
    ...layersOf(document).flatMap((layer) => [...of(layer, "bottom", "read"), ...of(layer, "top", "made")]),
  ];
}

function layerPlaces(document: Document, name: string): readonly Occurrence[] {
  return layersOf(document)
    .flatMap((layer) => scalarsOf(ownFields(layer), "name"))
    .filter((node) => textOf(node) === name)
    .map((node) => ({ ...rangeOf(node), role: "name" as const }));
}

function paramNodes(document: Document): readonly ScalarNode[] {
  return layersOf(document).flatMap((layer) => {
    const specs = layer.fields.filter((field) => field.name === "param").flatMap(valuesOf);
    return specs.flatMap((spec) =>
      spec.kind === "message" ? scalarsOf(spec, "name") : spec.kind === "scalar" ? [spec] : [],
    );
  });
}

function paramPlaces(document: Document, name: string): readonly Occurrence[] {
  return paramNodes(document)
    .filter((node) => textOf(node) === name)
    .map((node) => ({ ...rangeOf(node), role: "name" as const }));
}

function placesOf(document: Document, { kind, name }: Named): readonly Occurrence[] {
  if (kind === "file" || name === "") return [];
  const places = { blob: blobPlaces, layer: layerPlaces, param: paramPlaces }[kind](document, name);
  return [...places].sort((a, b) => a.from - b.from);
}

/**
 * All places of the blob, the layer or the shared parameter whose name stands at an offset: in all phases, in place or not.
 *
 * @example
 * ```ts
 * const text = 'layer { name: "a" top: "x" } layer { name: "b" bottom: "x" }';
 * console.log(occurrencesAt(text, text.indexOf('"x"') + 1).map(({ role }) => role)); // [ 'made', 'read' ]
 * ```
 */
export function occurrencesAt(text: string, offset: number): readonly Occurrence[] {
  const document = documentOf(text);
  const named = nameAt(document, offset);
  return named ? placesOf(document, named) : [];
}

/**
 * Where the name at an offset is defined: for a bottom the top that makes the value that it reads, in each phase; for the name of a shared
 * parameter the first layer that has it; for a path the file.
 *
 * @example
 * ```ts
 * const text = 'layer { name: "a" type: "Input" top: "x" } layer { name: "b" type: "ReLU" bottom: "x" top: "y" }';
 * const [top] = definitionsAt(text, text.lastIndexOf('"x"') + 1);
 * console.log(text.slice(top?.from, top?.to)); // x
 * ```
 */
export function definitionsAt(text: string, offset: number): readonly Target[] {
  const document = documentOf(text);
  const named = nameAt(document, offset);
  if (!named) return [];
  const { kind, node, field, name } = named;
  if (kind === "file") return name === "" ? [] : [{ file: name, from: 0, to: 0 }];
  if (kind === "param")
    return paramPlaces(document, name)
      .slice(0, 1)
      .map(({ from, to }) => ({ from, to }));
  if (kind === "layer" || field !== "bottom") return [rangeOf(node)];
  const found = makersOf(document, named);
  if (found.length > 0) return found;
  // In a text that is no net yet: the last top above.
  const above = blobPlaces(document, name).filter(({ role, from }) => role === "made" && from < node.offset);
  return above.slice(-1).map(({ from, to }) => ({ from, to }));
}

/** The tops that make what a bottom reads, in the net of each phase. */
function makersOf(document: Document, { layer, node }: Named): readonly Target[] {
  const nodes = layersOf(document);
  const message = messageOf(document);
  if (!layer || document.isSolver || message.$typeName !== "caffe.NetParameter") return [];
  const net = message as NetParameter;
  const index = nodes.indexOf(layer);
  // Older forms have their layers elsewhere.
  if (net.layer.length !== nodes.length || net.layers.length > 0) return [];
  const own = net.layer[index];
  const bottom = scalarsOf(layer, "bottom").indexOf(node);
  const targets = new Map<number, Target>();
  for (const phase of ["TRAIN", "TEST"] as const) {
    const layers = included(net, phase);
    if (!own || !layers.includes(own)) continue;
    const maker = connect(layers).bottoms(own)[bottom]?.maker;
    const made = maker && nodes[net.layer.indexOf(maker.layer)];
    const top = made && scalarsOf(made, "top")[maker.index];
    if (top) targets.set(top.offset, rangeOf(top));
  }
  return [...targets.values()];
}

function included(net: NetParameter, phase: "TRAIN" | "TEST"): readonly LayerParameter[] {
  try {
    return filterLayers(net, stateOf(phase, {}), silent);
  } catch {
    // Rules of both kinds: lint says so.
    return [];
  }
}

/**
 * The name at an offset that can be changed everywhere, and its range.
 *
 * @example
 * ```ts
 * console.log(renameRangeAt('layer { name: "a" }', 16)); // { from: 15, to: 16, name: 'a' }
 * ```
 */
export function renameRangeAt(text: string, offset: number): (TextRange & { readonly name: string }) | undefined {
  const named = nameAt(documentOf(text), offset);
  if (!named || named.kind === "file" || named.name === "") return undefined;
  return { ...rangeOf(named.node), name: named.name };
}

/**
 * The edits that give the blob, layer or shared parameter at an offset another name, at all its places.
 *
 * @returns why it cannot be, if there is no name, the new one is empty, or something else has it
 * @example
 * ```ts
 * const text = 'layer { name: "a" top: "x" } layer { name: "b" bottom: "x" }';
 * const renamed = renameAt(text, text.indexOf('"x"') + 1, "y");
 * if ("edits" in renamed) console.log(renamed.edits.length); // 2
 * ```
 */
export function renameAt(
  text: string,
  offset: number,
  name: string,
): { readonly edits: readonly Edit[] } | { readonly refused: string } {
  const document = documentOf(text);
  const named = nameAt(document, offset);
  if (!named || named.kind === "file" || named.name === "")
    return { refused: "there is no name of a blob, layer or parameter here" };
  if (name === "") return { refused: "a name cannot be empty" };
  if (name === named.name) return { edits: [] };
  const [taken] = placesOf(document, { ...named, name });
  if (taken) {
    const what = { blob: "a blob", layer: "a layer", param: "a shared parameter" }[named.kind];
    const line = text.slice(0, taken.from).split("\n").length;
    return { refused: `there is ${what} "${name}" already, in line ${line}` };
  }
  const places = new Set(placesOf(document, named).map(({ from }) => from));
  const edits = allScalars(document.tree)
    .filter((node) => places.has(rangeOf(node).from))
    .map((node) => ({ start: node.offset, end: node.end, replacement: quote(name, true) }));
  return { edits };
}

function allScalars(body: Body): readonly ScalarNode[] {
  return body.fields.flatMap(valuesOf).flatMap((value) => {
    return value.kind === "scalar" ? [value] : value.kind === "message" ? allScalars(value) : [];
  });
}
