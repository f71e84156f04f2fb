// Imports a model, writes the net as prototxt, reads it again and runs it.
import { readFileSync } from "node:fs";
import { parse } from "npyjs";
import { type ImportOnnxOptions, type ImportOnnxResult, importOnnx } from "../../src/api/import-onnx.js";
import { Net } from "../../src/index.js";
import type { FileSource } from "../../src/util/files.js";
import type { Shape } from "../../src/util/shape.js";

export interface Values {
  readonly shape: Shape;
  readonly data: Float32Array;
}

export function readNpy(path: string): Values {
  const { shape, data } = parse(new Uint8Array(readFileSync(path)).buffer);
  return { shape, data: Float32Array.from(data as Float32Array) };
}

/** What an imported net computes, by the name of its outputs. */
export interface ImportedRun {
  readonly result: ImportOnnxResult;
  readonly outputs: Readonly<Record<string, Values>>;
  readonly types: readonly string[];
}

export async function runImported(
  model: FileSource,
  inputs: Readonly<Record<string, Values>>,
  options: ImportOnnxOptions = {},
): Promise<ImportedRun> {
  const result = await importOnnx(model, { engine: "reference", ...options });
  const net = await Net.load(result.text, { weights: result.weights, phase: "TEST", engine: "reference" });
  try {
    const given = Object.entries(inputs).filter(([name]) => net.inputs.includes(name));
    const computed = await net.forward(Object.fromEntries(given.map(([name, { data }]) => [name, data])));
    const outputs = Object.entries(computed).map(([name, data]) => {
      return [name, { shape: net.blobs.get(name)?.shape ?? [], data: Float32Array.from(data) }] as const;
    });
    const types = result.net.layer.map(({ type }) => type);
    return { result, outputs: Object.fromEntries(outputs), types };
  } finally {
    await net.dispose();
  }
}

/** The largest difference of two arrays, over the largest value. */
export function differenceOf(computed: Values | undefined, expected: Values): number {
  if (!computed || computed.shape.join() !== expected.shape.join()) return Number.NaN;
  let [error, most] = [0, 1e-12];
  expected.data.forEach((value, i) => {
    const other = computed.data[i] ?? Number.NaN;
    if (value !== other) error = Math.max(error, Math.abs(value - other));
    if (Number.isNaN(other) !== Number.isNaN(value)) error = Number.NaN;
    if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  });
  return error / most;
}
