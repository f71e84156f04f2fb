// Folds nets with weights as after training, and compares them with the unfolded nets.
import { create } from "@bufbuild/protobuf";
import type { Engine } from "../src/core/engine.js";
import type { Net } from "../src/core/net.js";
import { ReferenceEngine } from "../src/engines/reference/index.js";
import { type NetParameter, NetStateSchema, Phase } from "../src/proto/gen/caffe_pb.js";
import { formatNet, parseNet } from "../src/proto/text/index.js";
import { type Comparison, compareNets } from "../src/tools/fold/compare.js";
import { type FoldedNet, type FoldInput, foldNet } from "../src/tools/fold/index.js";
import { Random } from "../src/util/random.js";
import type { Shape } from "../src/util/shape.js";
import { netFromText } from "./nets.js";

export const testState = create(NetStateSchema, { phase: Phase.TEST });

/**
 * Weights as after training: noise, and for BatchNorm approximately the means and variances of its bottom, times a
 * factor (with factor 0 the layer counts as untrained). Variances are at least 0.05, so that no channel is constant.
 */
export async function trainedWeights(text: string, seed = 1): Promise<NetParameter> {
  const net = await netFromText(text, { phase: "TEST", engine: new ReferenceEngine(), backward: false, fuse: false });
  const random = new Random(seed);
  for (const name of net.inputs) fill(net.blobs.get(name)?.data, random);
  for (const [index, { type, blobs, bottoms }] of net.layers.entries()) {
    const [means, variances, factor] = blobs;
    const bottom = net.blobs.get(bottoms[0] ?? "");
    if (type === "BatchNorm" && bottom && means && variances && factor) {
      const scale = [0, 1, 1, 1, 3.7, 999.5][random.below(6)] ?? 1;
      const noise = new Float32Array(2 * means.count);
      random.uniform(noise, 0, 1);
      for (const [channel, [mean, variance]] of momentsOf(bottom.data, bottom.shape).entries()) {
        const [first = 0, second = 0] = noise.subarray(2 * channel);
        means.data[channel] = (scale || 1) * (mean + (first - 0.5) * Math.sqrt(variance));
        variances.data[channel] = (scale || 1) * Math.max(variance, 0.1) * (0.5 + second);
      }
      factor.data.fill(scale);
    } else {
      for (const { data, shape } of blobs) {
        fill(data, random, shape.length > 1 ? Math.sqrt((shape[0] ?? 1) / data.length) : 1);
      }
    }
    await net.runForward(index, index);
  }
  return net.toMessage();
}

function fill(values: Float32Array | undefined, random: Random, deviation = 1): void {
  if (values) random.gaussian(values, 0, deviation);
}

/** Mean and variance of each channel. */
function momentsOf(values: Float32Array, shape: Shape): (readonly [mean: number, variance: number])[] {
  const channels = shape[1] ?? 1;
  const inner = values.length / ((shape[0] ?? 1) * channels);
  return Array.from({ length: channels }, (_, channel) => {
    const own = values.filter((_, i) => Math.floor(i / inner) % channels === channel);
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    return [mean, own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length];
  });
}

export interface Folding extends FoldedNet {
  readonly text: string;
  readonly before: FoldedNet["before"];
  /** Both nets on the same noise, layer by layer. */
  compare(engine?: Engine): Promise<Comparison>;
  /**
   * The relative error of single precision in the outputs of the unfolded net; infinite where an output is 0 throughout, as behind a
   * ReLU of values below 0: there is no largest value to measure by.
   */
  precision(): Promise<number>;
  /** By folded layer: the layers that it was folded into. */
  readonly moves: Readonly<Record<string, string>>;
  /** By layer that was not folded: the reason. */
  readonly reasons: Readonly<Record<string, string>>;
}

/** Folds a net with the weights given, or with `trainedWeights`; throws for a text that Caffe refuses. */
export async function folding(
  text: string,
  { weights, seed = 1, ...input }: FoldInput & { weights?: NetParameter; seed?: number } = {},
): Promise<Folding> {
  const trained = weights ?? (await trainedWeights(text, seed));
  const result = foldNet(parseNet(text).message, trained, testState, input);
  const foldedText = formatNet(result.net);
  return {
    ...result,
    text: foldedText,
    moves: Object.fromEntries(result.folded.map(({ layer, into }) => [layer, into.join(" ")])),
    reasons: Object.fromEntries(result.kept.map(({ layer, reason }) => [layer, reason])),
    async compare(engine = new ReferenceEngine()) {
      const [before, after] = [await netWith(text, trained, engine), await netWith(foldedText, result.weights, engine)];
      setNoise([before, after], seed + 1);
      const comparison = await compareNets(before, after, result.targets);
      for (const net of [before, after]) await net.dispose();
      return comparison;
    },
    async precision() {
      const nets = [
        await netWith(text, trained, new ReferenceEngine(64)),
        await netWith(text, trained, new ReferenceEngine()),
      ];
      setNoise(nets, seed + 1);
      const [exact, single] = nets as [Net, Net];
      const { outputs } = await compareNets(exact, single, []);
      const isZero = ({ name }: { readonly name: string }) => exact.blobs.get(name)?.data.every((value) => value === 0);
      if (outputs.some(isZero)) return Number.POSITIVE_INFINITY;
      return Math.max(...outputs.map(({ relativeError }) => relativeError));
    },
  };
}

async function netWith(text: string, weights: NetParameter, engine: Engine): Promise<Net> {
  const net = await netFromText(text, { phase: "TEST", engine, backward: false, fuse: false });
  net.copyTrainedLayers(weights);
  return net;
}

/** Gives all nets the same inputs. */
function setNoise(nets: readonly Net[], seed: number): void {
  const random = new Random(seed);
  for (const name of nets[0]?.inputs ?? []) {
    const values = new Float32Array(nets[0]?.blobs.get(name)?.count ?? 0);
    random.gaussian(values, 0, 1);
    for (const net of nets) net.blobs.get(name)?.data.set(values);
  }
}

/** An Input layer. */
export function input(shape: Shape, name = "data"): string {
  const dims = shape.map((size) => `dim: ${size}`).join(" ");
  return `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${dims} } } }\n`;
}

/** A layer on one line. Its top has the name of the layer by default. */
export function layer(type: string, name: string, bottom: string, rest = "", top = name): string {
  return `layer { name: "${name}" type: "${type}" bottom: "${bottom}" top: "${top}" ${rest} }\n`;
}

/** The largest errors of a comparison: relative for outputs, and as shares of their bounds for layers. */
export function worst({ outputs, layers }: Comparison): { relative: number; share: number } {
  return {
    relative: Math.max(...outputs.map(({ relativeError }) => relativeError)),
    share: Math.max(0, ...layers.map(({ share }) => share)),
  };
}
