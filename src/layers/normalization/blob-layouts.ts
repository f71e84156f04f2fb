// The order of the blobs of a batch normalization in the weights of forks.
import type { Layer } from "../../core/layer.js";
import { blobShape, blobValues, makeBlob } from "../../proto/binary/blob.js";
import type { BlobProto } from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { counted } from "../../util/words.js";

/** The order of the blobs of a fork's batch normalization, as indices. In Caffe M is 0, V is 1 and s is 2. */
export interface BlobLayout {
  readonly fork: string;
  /** Names of the blobs in their order, for messages. */
  readonly blobs: string;
  readonly mean: number | undefined;
  readonly variance: number | undefined;
  /** Undefined: mean and variance are stored undivided. */
  readonly factor: number | undefined;
  readonly scale: number | undefined;
  readonly shift: number | undefined;
}

const layouts = {
  segnet: layout("SegNet", "scale", "shift"),
  pspnet: layout("PSPNet", "slope", "bias", "mean", "variance"),
  intelWithoutShift: layout("Intel", "mean", "variance", "factor", "scale"),
  nvidia: layout("NVIDIA or Intel", "mean", "variance", "factor", "scale", "shift"),
  nvidia15: layout("NVIDIA (0.15, DIGITS)", "scale", "shift", "mean", "variance", "one that is not used"),
  nvidia14: layout("NVIDIA (0.14)", "scale", "shift", "one that is not used", "mean", "variance"),
};

function layout(fork: string, ...blobs: readonly string[]): BlobLayout {
  const at = (...names: readonly string[]) => {
    const index = blobs.findIndex((name) => names.includes(name));
    return index < 0 ? undefined : index;
  };
  return {
    fork,
    blobs: blobs.join(", "),
    mean: at("mean"),
    variance: at("variance"),
    factor: at("factor"),
    scale: at("scale", "slope"),
    shift: at("shift", "bias"),
  };
}

/**
 * Finds a fork's layout by the number of blobs and by which of them has a single value; undefined for any other layout
 * and for Caffe's. Only the four axes of its blobs, (1, C, 1, 1), tell NVIDIA's 0.14 from NVIDIA's later versions.
 */
export function blobLayout(blobs: readonly { readonly shape: Shape }[]): BlobLayout | undefined {
  const counts = blobs.map(({ shape }) => countOf(shape));
  const channels = Math.max(...counts);
  const single = counts.map((count) => count === 1 && channels > 1);
  if (counts.some((count, index) => count !== channels && !single[index])) return undefined;
  const singles = single.filter(Boolean).length;
  if (blobs.length === 2 && singles === 0) return layouts.segnet;
  if (blobs.length === 4 && singles === 0) return layouts.pspnet;
  if (blobs.length === 4 && singles === 1 && single[2]) return layouts.intelWithoutShift;
  if (blobs.length !== 5 || (singles !== 1 && channels > 1)) return undefined;
  if (single[4]) return layouts.nvidia15;
  if (!single[2] && channels > 1) return undefined;
  return blobs[0]?.shape.length === 4 ? layouts.nvidia14 : layouts.nvidia;
}

/**
 * The blobs of a BatchNorm with a scale and a shift inside in the order mean, variance, factor, scale, shift, from whichever of NVIDIA's
 * orders they are in. Those of unknown layouts, and those in this order, are returned as they are.
 */
export function inFusedOrder(blobs: readonly BlobProto[]): readonly BlobProto[] {
  const layout = blobLayout(blobs.map((blob) => ({ shape: blobShape(blob) })));
  if (!layout || layout.factor !== undefined || layout.mean === undefined || blobs.length !== 5) return blobs;
  const { mean, variance, scale, shift } = layout;
  const [m, v, s, b] = [mean, variance, scale, shift].map((at) => (at === undefined ? undefined : blobs[at]));
  const one = makeBlob([1], { data: Float32Array.of(1) });
  return [m, v, one, s, b].flatMap((blob) => blob ?? []);
}

/** M and V divided by their factor, which becomes 1; 0 where it is 0. Other numbers of blobs are returned as they are. */
export function divided(blobs: readonly BlobProto[]): readonly BlobProto[] {
  const [m, v, s] = blobs;
  const factor = s && blobs.length === 3 ? blobValues(s).data[0] : undefined;
  if (!m || !v || !s || factor === undefined || factor === 1) return blobs;
  const times = factor === 0 ? 0 : Math.fround(1 / factor);
  const scaled = (blob: BlobProto) => makeBlob(blobShape(blob), { data: blobValues(blob).data.map((x) => x * times) });
  return [scaled(m), scaled(v), makeBlob(blobShape(s), { data: Float32Array.of(1) })];
}

/**
 * Refuses the blobs of a fork for BVLC's BatchNorm, in words that say what they are.
 *
 * @throws MokaError `MOKA_WEIGHTS`
 */
export function checkBvlcBlobs(layer: Layer, blobs: readonly BlobProto[], origin: string): readonly BlobProto[] {
  const layout = blobs.length > 3 ? blobLayout(blobs.map((blob) => ({ shape: blobShape(blob) }))) : undefined;
  layer.check(
    !layout,
    "MOKA_WEIGHTS",
    `has 3 parameters, but in ${origin} it has ${counted(blobs.length, "blob")}, which are ${layout?.fork}'s (${layout?.blobs}): scale and shift ` +
      "are inside. Give the weights when the net is loaded (Net.load(net, { weights }), --weights), so that the layer becomes that " +
      "one, or write them as BatchNorm and Scale: moka fix --weights",
  );
  return blobs;
}
