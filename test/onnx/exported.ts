// Exports a net and runs it in ONNX Runtime.
import { create } from "@bufbuild/protobuf";
import ort from "onnxruntime-node";
import { type ExportNetOptions, type ExportPair, exportPair } from "../../src/api/export-onnx.js";
import { writeModel } from "../../src/onnx/model.js";
import { makeBlob } from "../../src/proto/binary/index.js";
import { LayerParameterSchema, type NetParameter, NetParameterSchema } from "../../src/proto/gen/caffe_pb.js";
import type { Weights } from "../../src/proto/weight-sources.js";
import type { Shape } from "../../src/util/shape.js";

export interface Values {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** The outputs of a model for these inputs; inputs that it has not are left out. */
export async function runOnnx(
  model: Uint8Array,
  inputs: Readonly<Record<string, Values>>,
): Promise<Readonly<Record<string, Values>>> {
  // Without optimizations a fault of a graph cannot hide behind a rewrite, and small sessions start sooner.
  const session = await ort.InferenceSession.create(model, {
    graphOptimizationLevel: "disabled",
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const feeds = Object.fromEntries(
    session.inputNames.map((name) => {
      const given = inputs[name];
      if (!given) throw new Error(`the model has an input "${name}", which is not given`);
      return [name, new ort.Tensor("float32", given.data, [...given.shape])];
    }),
  );
  const results = await session.run(feeds);
  const outputs = session.outputNames.map((name): [string, Values] => {
    const { data, dims } = results[name];
    return [name, { shape: dims, data: Float32Array.from(data as ArrayLike<number>, Number) }];
  });
  await session.release();
  return Object.fromEntries(outputs);
}

/** Weights for a net, by layer. */
export function weightsOf(params: Readonly<Record<string, readonly Values[]>>): NetParameter {
  const layer = Object.entries(params).map(([name, blobs]) =>
    create(LayerParameterSchema, { name, blobs: blobs.map(({ shape, data }) => makeBlob([...shape], { data })) }),
  );
  return create(NetParameterSchema, { layer });
}

/** A net in ONNX: what the exporter says of it, and its file. */
export interface Exported extends Omit<ExportPair, "original"> {
  readonly bytes: Uint8Array;
}

/** Exports a net, given as text or a path; the original is disposed of. */
export async function exported(
  model: string,
  weights: Weights | undefined = undefined,
  options: ExportNetOptions = {},
): Promise<Exported> {
  const { original, ...rest } = await exportPair(model, weights, { engine: "reference", ...options });
  await original.dispose();
  return { ...rest, bytes: writeModel(rest.exported.model) };
}

/**
 * Exports a net of random weights, and runs it in Moka and in ONNX Runtime on the same inputs, of the net's shapes and of those in
 * `more`. Returns the largest difference of an output, relative to the largest value of it.
 */
export async function exportError(
  text: string,
  {
    more = [],
    draw = (i: number) => Math.sin(i * 12.9898) * 1.7,
    weights,
    ...options
  }: ExportNetOptions & {
    readonly more?: readonly Readonly<Record<string, Shape>>[];
    readonly draw?: (index: number, input: string) => number;
    readonly weights?: NetParameter;
  } = {},
): Promise<number> {
  const { original, exported: net } = await exportPair(text, weights, { engine: "reference", seed: 3, ...options });
  const bytes = writeModel(net.model);
  let worst = 0;
  try {
    for (const shapes of [{}, ...more]) {
      if (Object.keys(shapes).length > 0) original.reshape(shapes);
      const inputs = Object.fromEntries(
        original.inputs.map((name) => {
          const { shape = [], count = 0 } = original.blobs.get(name) ?? {};
          return [name, { shape, data: Float32Array.from({ length: count }, (_, i) => draw(i, name)) }];
        }),
      );
      const wanted = await original.forward(
        Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data])),
      );
      const found = await runOnnx(bytes, inputs);
      for (const name of Object.keys(found)) {
        const ours = wanted[name] ?? original.blobs.get(name)?.data;
        if (!ours) continue;
        const shape = original.blobs.get(name)?.shape ?? [];
        if (found[name].shape.join() !== shape.join()) {
          throw new Error(`${name}: ${shape.join(" ")} in Moka, ${found[name].shape.join(" ")} in ONNX Runtime`);
        }
        worst = Math.max(worst, largestError(found[name].data, ours));
      }
    }
  } finally {
    await original.dispose();
  }
  return worst;
}

/** The largest difference, relative to the largest magnitude of `wanted`. */
export function largestError(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let error = 0;
  let largest = 0;
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY;
  for (let i = 0; i < wanted.length; i++) {
    const same = Object.is(found[i], wanted[i]) || found[i] === wanted[i];
    if (!same)
      error = Math.max(
        error,
        Number.isNaN(found[i] - wanted[i]) ? Number.POSITIVE_INFINITY : Math.abs(found[i] - wanted[i]),
      );
    if (Number.isFinite(wanted[i])) largest = Math.max(largest, Math.abs(wanted[i]));
  }
  return error / (largest || 1);
}
