import { blobShape, blobValues, makeBlob } from "../proto/binary/blob.js";
import { ConvolutionParameterSchema, InnerProductParameterSchema, type NetParameter } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { counted } from "../util/words.js";
import type { LintLayer } from "./layer.js";
import type { LintNet } from "./net.js";

/** The way to remove a bias before BatchNorm layers from trained weights. */
interface BiasMove {
  readonly possible: boolean;
  /** A sentence about what is done, or about why it is not possible. */
  readonly note: string;
  readonly apply?: ((weights: NetParameter) => void) | undefined;
}

/**
 * Moves a bias b into the running means of the BatchNorm layers with these names: M becomes M − b·s, so that W·x − M/s
 * with the new M equals W·x + b − M/s with the old one.
 */
export function moveBias(
  { weights, layers }: Pick<LintNet, "weights" | "layers">,
  layer: LintLayer,
  norms: readonly string[],
): BiasMove {
  const blobs = weights?.of(layer) ?? [];
  if (blobs.length < 2) return { possible: true, note: "The weights given have no bias for it." };
  const count = blobs[1]?.data.length;
  for (const name of norms) {
    const statistics = weights?.of({ name }) ?? [];
    const [mean, , factor] = statistics;
    const refused = (what: string): BiasMove => ({
      possible: false,
      note: `it cannot move into the mean of BatchNorm "${name}", which has ${what} in the weights.`,
    });
    if (statistics.length !== 3) return refused(`${counted(statistics.length, "blob")} instead of 3`);
    if (mean?.data.length !== count) return refused(`${mean?.data.length} channels instead of ${count}`);
    if (!factor?.data[0] || !Number.isFinite(factor.data[0])) return refused(`a factor of ${factor?.data[0]}`);
    const shared = layers.find((each) => each.name === name)?.message.param[0]?.name;
    const sharer = layers.find(
      (each) => !norms.includes(each.name) && each.message.param.some((p) => p.name === shared),
    );
    if (shared && sharer) return { possible: false, note: `BatchNorm "${name}" shares its mean with ${sharer.label}.` };
  }
  const note =
    "The bias in the weights given moves into the running mean, so that the net computes in TEST what it did.";
  return { possible: true, note, apply: (net) => apply(net, layer.name, norms) };
}

function apply(net: NetParameter, name: string, norms: readonly string[]): void {
  // Weights belong to a layer by its name; the first of several layers with one name gets them.
  const find = (wanted: string) => net.layer.find((each) => each.name === wanted);
  const layer = find(name);
  const bias = layer?.blobs[1];
  if (!layer || !bias) return;
  const { data: b } = blobValues(bias);
  for (const norm of norms.map(find)) {
    const [mean, variance, factor] = norm?.blobs ?? [];
    if (!norm || !mean || !variance || !factor) continue;
    const [s = 0] = blobValues(factor).data;
    const moved = blobValues(mean).data.map((value, channel) => value - (b[channel] ?? 0) * s);
    norm.blobs = [makeBlob(blobShape(mean), { data: moved }), variance, factor];
  }
  layer.blobs = layer.blobs.slice(0, 1);
  layer.param = layer.param.slice(0, 1);
  const { convolutionParam, innerProductParam } = layer;
  if (convolutionParam) {
    layer.convolutionParam = copyMessage(ConvolutionParameterSchema, convolutionParam);
    layer.convolutionParam.biasTerm = false;
  }
  if (innerProductParam) {
    layer.innerProductParam = copyMessage(InnerProductParameterSchema, innerProductParam);
    layer.innerProductParam.biasTerm = false;
  }
}
