import type { Phase } from "../src/core/layer.js";
import type { Net } from "../src/core/net.js";
import type { Shape } from "../src/util/shape.js";
import { type NetSetup, netFromText } from "./nets.js";

export interface Values {
  readonly shape: Shape;
  readonly data: readonly number[];
}

/** A net with Input layers of these shapes and the layers of `text`, on the reference engine. */
export async function layerNet(
  text: string,
  inputs: Readonly<Record<string, Shape>>,
  options: NetSetup & { readonly header?: string } = {},
): Promise<Net> {
  const input = ([name, shape]: [string, Shape]) =>
    `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((dim) => `dim: ${dim}`).join(" ")} } } }`;
  const lines = [options.header ?? "", ...Object.entries(inputs).map(input), text];
  return netFromText(lines.join("\n"), { phase: "TRAIN", ...options });
}

/**
 * Runs layers forward on these inputs, with these parameters of the layer named `layer`.
 *
 * @returns every blob of the net by name
 */
export async function runLayer(
  text: string,
  inputs: Readonly<Record<string, Values>>,
  params: readonly (readonly number[])[] = [],
  phase: Phase = "TRAIN",
): Promise<Record<string, { shape: number[]; data: number[] }>> {
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  const net = await layerNet(text, shapes, { phase });
  for (const [i, values] of params.entries()) net.params.get("layer")?.[i].data.set(values);
  await net.forward(Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data])));
  const result = Object.fromEntries(
    [...net.blobs].map(([name, { shape, data }]) => [name, { shape: [...shape], data: [...data] }]),
  );
  await net.dispose();
  return result;
}

/** Builds layers that must be refused, and returns the error's message. */
export async function buildError(text: string, inputs: Readonly<Record<string, Shape>>): Promise<string> {
  try {
    const net = await layerNet(text, inputs);
    await net.dispose();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the net was built without an error");
}
