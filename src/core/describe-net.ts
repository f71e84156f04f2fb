import { oneLine, quoted } from "../util/escape.js";
import type { Shape } from "../util/shape.js";
import type { Blob } from "./blob.js";

/** The part of a layer that is described. */
interface LayerView extends Omit<LayerDescription, "params"> {
  readonly blobs: readonly Blob[];
}

/** The part of a net that is described. */
interface NetView extends Omit<NetDescription, "layers" | "blobs"> {
  readonly layers: readonly LayerView[];
  readonly blobs: ReadonlyMap<string, Blob>;
  readonly params: ReadonlyMap<string, readonly Blob[]>;
}

/** What `JSON.stringify` writes of a net: its structure, without values. */
export interface NetDescription {
  readonly name: string;
  readonly phase: "TRAIN" | "TEST";
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly layers: readonly LayerDescription[];
  /** The shapes of all blobs by name. */
  readonly blobs: Readonly<Record<string, Shape>>;
}

/** What `JSON.stringify` writes of a layer. */
export interface LayerDescription {
  readonly name: string;
  readonly type: string;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  /** The shapes of its parameters. */
  readonly params: readonly Shape[];
}

export function layerDescription({ name, type, bottoms, tops, blobs }: LayerView): LayerDescription {
  return { name, type, bottoms, tops, params: blobs.map(({ shape }) => shape) };
}

export function netDescription(net: NetView): NetDescription {
  const { name, phase, inputs, outputs } = net;
  const blobs = Object.fromEntries([...net.blobs].map(([blob, { shape }]) => [blob, shape]));
  return { name, phase, inputs, outputs, layers: net.layers.map(layerDescription), blobs };
}

/** A layer in one line: `Layer "conv1" (Convolution): data -> conv1`. */
export function layerText({ name, type, bottoms, tops }: LayerView): string {
  return `Layer ${quoted(name)} (${oneLine(type)}): ${flow(bottoms.map(oneLine), tops.map(oneLine))}`;
}

/** A net as a table: a line for each layer, with its blobs, their shapes, and its parameters. */
export function netText(net: NetView): string {
  const rows = net.layers.map(({ name, type, bottoms, tops, blobs: params }) => {
    const shaped = tops.map((top) => [oneLine(top), ...(net.blobs.get(top)?.shape ?? [])].join(" "));
    const weights = params.length > 0 ? `  params ${params.map(({ shape }) => shape.join(" ")).join(", ")}` : "";
    return [oneLine(name), oneLine(type), flow(bottoms.map(oneLine), shaped) + weights] as const;
  });
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
  const [names, types] = [width(0), width(1)];
  const counts = [...net.params.values()].flat().map(({ count }) => count);
  const list = (blobs: readonly string[]) => blobs.map(oneLine).join(", ") || "none";
  return [
    `Net ${quoted(net.name)} (${net.phase}): ${net.layers.length} layers, ${counts.reduce((a, b) => a + b, 0)} parameters`,
    `inputs: ${list(net.inputs)}; outputs: ${list(net.outputs)}`,
    ...rows.map(([name, type, rest]) => `  ${name.padEnd(names)}  ${type.padEnd(types)}  ${rest}`),
  ].join("\n");
}

function flow(bottoms: readonly string[], tops: readonly string[]): string {
  return `${bottoms.map((bottom) => `${bottom} `).join("")}-> ${tops.join(", ")}`.trimEnd();
}
