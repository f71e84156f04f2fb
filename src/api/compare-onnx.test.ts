import ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { input, layer, trainedWeights } from "../../test/folding.js";
import type { OnnxComparison } from "../onnx/certificate.js";
import type { ModelProto, TensorProto } from "../onnx/gen/onnx_pb.js";
import { readModel, writeModel } from "../onnx/model.js";
import { makeBlob } from "../proto/binary/index.js";
import type { NetParameter } from "../proto/gen/caffe_pb.js";
import { compareOnnx } from "./compare-onnx.js";
import { type ExportNetOptions, exportPair } from "./export-onnx.js";

const text =
  input([2, 3, 8, 8]) +
  layer("Convolution", "c1", "data", "convolution_param { num_output: 4 kernel_size: 3 pad: 1 }") +
  layer("BatchNorm", "bn", "c1") +
  layer("Scale", "sc", "bn", "scale_param { bias_term: true }") +
  layer("ReLU", "relu", "sc", "", "sc") +
  layer("Convolution", "c2", "sc", "convolution_param { num_output: 3 kernel_size: 3 pad: 1 }") +
  layer("InnerProduct", "fc", "c2", "inner_product_param { num_output: 5 }");

interface Plan extends ExportNetOptions {
  /** Spoils the model before it is compared. */
  readonly spoil?: (model: ModelProto) => void;
  readonly weights?: NetParameter;
  /** The weights that the model is made from, where they are not the net's. */
  readonly of?: NetParameter;
  readonly batches?: readonly number[];
  readonly tolerance?: number;
}

/** Compares a net of trained weights with its export. */
async function compared({ spoil, weights: given, of, batches = [1, 2], tolerance = 1e-4, ...options }: Plan = {}) {
  const weights = given ?? (await trainedWeights(text, 3));
  const pair = await exportPair(text, of ?? weights, { engine: "reference", ...options });
  try {
    if (of) pair.original.copyTrainedLayers(weights);
    spoil?.(pair.exported.model);
    const bytes = writeModel(pair.exported.model);
    const both = { net: pair.original, bytes, model: readModel(bytes, "net.onnx") };
    return await compareOnnx(both, { runtime: ort, batches, size: 2, seed: 1, tolerance, threads: 1 });
  } finally {
    await pair.original.dispose();
  }
}

/** A constant of the model by a part of its name, and its values. */
function constant({ graph }: ModelProto, name: string): { tensor: TensorProto; values: Float32Array } {
  const tensor = graph?.initializer.find((each) => each.name.startsWith(name));
  if (!tensor) throw new Error(`no constant ${name}`);
  tensor.rawData = tensor.rawData.slice();
  return { tensor, values: new Float32Array(tensor.rawData.buffer) };
}

// BatchNorm and Scale are one BatchNormalization.
test("every blob is compared, in the net's order, at each batch size; then the outputs of the file as it is", async () => {
  const found = await compared({ batchNorm: "keep" });
  expect(found).toMatchObject({ ran: true, passed: true, seed: 1, tolerance: 1e-4, onnxRuntime: "1.30.0" });
  expect(found.runs).toEqual([
    { batch: 1, inputs: { data: { kind: "random", shape: [1, 3, 8, 8] } } },
    { batch: 2, inputs: { data: { kind: "random", shape: [2, 3, 8, 8] } } },
  ]);
  expect(found.blobs.map(({ layer, blob }) => [layer, blob])).toEqual([
    ["c1", "c1"],
    ["sc", "sc@sc"],
    ["relu", "sc"],
    ["c2", "c2"],
    ["fc", "fc"],
  ]);
  for (const { maxError, meanError, relativeError } of found.blobs) {
    expect(maxError).toBeGreaterThan(0);
    expect(meanError).toBeGreaterThan(0);
    expect(meanError).toBeLessThan(maxError);
    expect(relativeError).toBeLessThan(1e-5);
  }
  expect(found.outputs.map(({ blob }) => blob)).toEqual(["fc"]);
});

test("what was folded is compared where both have it", async () => {
  const found = await compared();
  expect(found.passed).toBe(true);
  expect(found.blobs.map(({ layer, blob }) => [layer, blob])).toEqual([
    ["sc", "sc@sc"],
    ["relu", "sc"],
    ["c2", "c2"],
    ["fc", "fc"],
  ]);
});

/** Where a comparison parts. */
const parts = ({ passed, parted }: OnnxComparison) => ({ passed, layer: parted?.layer, blob: parted?.blob });

test("a weight that is a little wrong", async () => {
  const spoil = (model: ModelProto) => {
    const { values } = constant(model, "c2.0");
    values[7] = (values[7] ?? 0) + 0.01;
  };
  const found = await compared({ spoil });
  expect(parts(found)).toEqual({ passed: false, layer: "c2", blob: "c2" });
  const { at, relativeError = 0, run } = found.parted ?? {};
  expect(at?.index).toHaveLength(4);
  // Weight 7 is one of the first output channel.
  expect(at?.index[1]).toBe(0);
  expect(Math.abs((at?.moka ?? 0) - (at?.onnx ?? 0))).toBeGreaterThan(0);
  expect(relativeError).toBeGreaterThan(1e-4);
  expect(run).toBe(0);
});

test("the tolerance decides", async () => {
  expect(parts(await compared({ tolerance: 1e-12 }))).toEqual({ passed: false, layer: "sc", blob: "sc@sc" });
});

test("pads at the wrong side, of the same output size", async () => {
  const spoil = ({ graph }: ModelProto) => {
    const node = graph?.node.find(({ name }) => name === "c2");
    const pads = node?.attribute.find(({ name }) => name === "pads");
    if (!pads) throw new Error("the convolution has no pads");
    pads.ints = [0n, 1n, 2n, 1n];
  };
  expect(parts(await compared({ spoil }))).toEqual({ passed: false, layer: "c2", blob: "c2" });
});

test("too small pads: the shapes of both", async () => {
  const spoil = ({ graph }: ModelProto) => {
    if (!graph) return;
    const pads = graph.node.find(({ name }) => name === "c2")?.attribute.find(({ name }) => name === "pads");
    if (pads) pads.ints = [0n, 0n, 0n, 0n];
    // Without what follows, so that the runtime comes as far as this.
    graph.node = graph.node.filter(
      ({ name, output }) => name !== "fc" && !output.includes("fc") && !name.startsWith("fc"),
    );
    graph.valueInfo = graph.valueInfo.filter(({ name }) => name !== "c2");
    graph.output = graph.output.map((each) => ({ ...each, name: "c2", type: undefined }));
  };
  const found = await compared({ spoil });
  expect(parts(found)).toEqual({ passed: false, layer: "c2", blob: "c2" });
  expect(found.parted?.shapes).toEqual({ moka: [1, 3, 8, 8], onnx: [1, 3, 6, 6] });
});

test("BatchNorm's factor left out", async () => {
  const withFactor = async (factor: number) => {
    const weights = await trainedWeights(text, 3);
    const blobs = weights.layer.find(({ name }) => name === "bn")?.blobs ?? [];
    blobs[2] = makeBlob([1], { data: Float32Array.of(factor) });
    return weights;
  };
  const [weights, of] = [await withFactor(999.5), await withFactor(1)];
  expect(parts(await compared({ weights, batchNorm: "keep" })).passed).toBe(true);
  const found = await compared({ weights, of, batchNorm: "keep" });
  expect(parts(found)).toEqual({ passed: false, layer: "sc", blob: "sc@sc" });
});

test("channels in another order", async () => {
  const spoil = (model: ModelProto) => {
    const { values } = constant(model, "c1.0");
    for (let output = 0; output < 4; output++) {
      const own = values.subarray(27 * output, 27 * (output + 1));
      const blue = own.slice(0, 9);
      own.copyWithin(0, 18, 27);
      own.set(blue, 18);
    }
  };
  expect(parts(await compared({ spoil, batchNorm: "keep" }))).toEqual({ passed: false, layer: "c1", blob: "c1" });
});

test("a model that ONNX Runtime refuses is an error", async () => {
  const spoil = ({ graph }: ModelProto) => Object.assign(graph?.node[0] ?? {}, { opType: "Quantum" });
  await expect(compared({ spoil })).rejects.toThrow(/ONNX Runtime cannot open/);
});

test("a model whose declared sizes a run does not have is an error", async () => {
  const spoil = ({ graph }: ModelProto) => {
    const type = graph?.input[0]?.type?.value;
    const dim = type?.case === "tensorType" ? type.value.shape?.dim[0] : undefined;
    if (dim) dim.value = { case: "dimValue", value: 1n };
  };
  await expect(compared({ spoil, batches: [2] })).rejects.toThrow(
    'the model declares "data" as 1 × 3 × 8 × 8, and in a run it is 2 × 3 × 8 × 8',
  );
});
