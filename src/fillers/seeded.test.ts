import { readdirSync, readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { fromText } from "@bufbuild/protobuf/txtpb";
import { describe, expect, it } from "vitest";
import { type GoldenTensor, readSafetensors } from "../../test/safetensors.js";
import {
  type FillerParameter,
  FillerParameterSchema,
  type LayerParameter,
  NetParameterSchema,
} from "../proto/gen/caffe_pb.js";
import { Random } from "../util/random.js";
import { fill } from "./index.js";

/**
 * What BVLC Caffe drew for a given `random_seed` (see the README beside the data), drawn again by the fillers
 * and the generator alone: no net, only the order in which its layers draw.
 */
const golden = new URL("../../test/golden/seeded/", import.meta.url);

const constant = (value: number) => create(FillerParameterSchema, { value });

/** The fillers of a layer's parameters, in the order of its blobs. */
function paramFillers(layer: LayerParameter): FillerParameter[] {
  const weighted = layer.convolutionParam ?? layer.innerProductParam;
  if (weighted) {
    const { weightFiller = constant(0), biasFiller = constant(0), biasTerm } = weighted;
    return biasTerm ? [weightFiller, biasFiller] : [weightFiller];
  }
  switch (layer.type) {
    case "PReLU":
      return [layer.preluParam?.filler ?? constant(0.25)];
    case "Scale": {
      const { filler = constant(1), biasFiller = constant(0), biasTerm = false } = layer.scaleParam ?? {};
      return biasTerm ? [filler, biasFiller] : [filler];
    }
    case "BatchNorm":
      return [constant(0), constant(0), constant(0)];
    default:
      return [];
  }
}

/** y = x·wᵀ + b */
function innerProduct(x: Float32Array, w: GoldenTensor, b: Float32Array): Float32Array {
  const [outputs, inputs] = w.shape;
  return Float32Array.from({ length: (x.length / inputs) * outputs }, (_, i) => {
    const [row, output] = [Math.floor(i / outputs) * inputs, (i % outputs) * inputs];
    let sum = b[i % outputs];
    for (let k = 0; k < inputs; k++) sum += x[row + k] * w.data[output + k];
    return sum;
  });
}

/** ‖a - b‖ / ‖b‖ */
function relativeError(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...a.map((value, i) => value - b[i])) / Math.hypot(...b);
}

/** Builds the net and runs it once, as far as random numbers go; returns tensors named as the golden ones. */
function draw(text: string, seed: number, expected: ReadonlyMap<string, GoldenTensor>): Map<string, Float32Array> {
  const { layer: layers } = fromText(NetParameterSchema, text);
  const random = new Random(seed);
  const drawn = new Map<string, Float32Array>();
  const params = (layer: LayerParameter) =>
    paramFillers(layer).map((filler, i): [string, FillerParameter] => [`param/${layer.name}/${i}`, filler]);
  for (const [name, filler] of layers.flatMap(params)) {
    const { shape, data } = expected.get(name) as GoldenTensor;
    const values = new Float32Array(data.length);
    fill(filler, shape, values, random);
    drawn.set(name, values);
  }
  if (![...expected.keys()].some((name) => name.startsWith("out/"))) return drawn;

  const blobs = new Map<string, Float32Array>();
  for (const layer of layers) {
    const bottom = blobs.get(layer.bottom[0]) ?? new Float32Array(0);
    if (layer.type === "Input") {
      blobs.set(layer.top[0], (expected.get(`in/${layer.top[0]}`) as GoldenTensor).data);
    } else if (layer.type === "InnerProduct") {
      const weights = expected.get(`param/${layer.name}/0`) as GoldenTensor;
      blobs.set(layer.top[0], innerProduct(bottom, weights, drawn.get(`param/${layer.name}/1`) as Float32Array));
    } else if (layer.type === "Dropout") {
      const ratio = Math.fround(layer.dropoutParam?.dropoutRatio ?? 0.5);
      const scale = Math.fround(1 / (1 - ratio));
      const mask = new Float32Array(bottom.length);
      random.bernoulli(mask, 1 - ratio);
      blobs.set(
        layer.top[0],
        bottom.map((value, i) => Math.fround(value * mask[i]) * scale),
      );
    } else if (layer.type === "DummyData") {
      layer.top.forEach((top, i) => {
        const shape = layer.dummyDataParam?.shape[i]?.dim.map(Number) ?? [];
        const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
        fill(layer.dummyDataParam?.dataFiller[i] ?? constant(0), shape, values, random);
        blobs.set(top, values);
      });
    } else throw new Error(`this test does not know ${layer.type}`);
  }
  for (const [name, values] of blobs) drawn.set(`out/${name}`, values);
  return drawn;
}

describe("the numbers that Caffe draws for the same seed, bit for bit", () => {
  const cases = readdirSync(golden).sort();

  it("has all cases", () => expect(cases).toHaveLength(64));

  it.each(cases)("%s", (name) => {
    const read = (file: string) => readFileSync(new URL(`${name}/${file}`, golden));
    const { metadata, tensors } = readSafetensors(read("tensors.safetensors"));
    const drawn = draw(read("net.prototxt").toString(), Number(metadata["seed"]), tensors);
    const wanted = [...tensors].filter(([tensor]) => !tensor.startsWith("in/"));
    expect(wanted.length).toBeGreaterThan(0);
    for (const [tensor, { data }] of wanted) {
      const values = drawn.get(tensor) as Float32Array;
      expect(values, tensor).toHaveLength(data.length);
      // An inner product rounds in whatever order BLAS sums; a wrong mask would still be far off.
      if (tensor === "out/ip") expect(relativeError(values, data), tensor).toBeLessThan(1e-6);
      else expect(new Int32Array(values.buffer), tensor).toEqual(new Int32Array(data.buffer));
    }
  });
});
