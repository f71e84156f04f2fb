import { memoized } from "../util/memoized.js";
import { countOf } from "../util/shape.js";
import { type BatchNorm, batchNorms } from "./batch-norms.js";
import type { LintLayer } from "./layer.js";
import type { View } from "./view.js";

/**
 * Evidence, as text, that a BatchNorm normalizes by the batch in TEST on purpose; undefined if there is none. That all of a
 * net's layers do so is none: nets that classify are written like this by mistake.
 */
export function batchStatsReason(norm: BatchNorm): string | undefined {
  if (/inst(ance)?[-_]?norm/i.test(norm.layer.name)) return "its name says instance normalization";
  return generatorReason(norm.view);
}

/**
 * Whether a Reshape in front puts the images of a batch beside each other on the axis of channels, so that each is
 * normalized by itself: instance normalization, whose result does not depend on the batch.
 */
export function normalizesEachImage({ view, layer, before }: BatchNorm): boolean {
  if (before?.type !== "Reshape") return false;
  const [batched] = view.bottomShapes(before);
  const [joined] = view.bottomShapes(layer);
  if (!batched || !joined || batched.length !== 4 || joined.length !== 4) return false;
  const [n = 0, c = 0, ...plane] = batched;
  return n > 1 && joined[0] === 1 && joined[1] === n * c && plane.every((size, i) => joined[i + 2] === size);
}

/** Evidence that a net makes images and normalizes only by the batch, as generators do. */
const generatorReason = memoized((view: View): string | undefined => {
  if (batchNorms(view).some(({ usesGlobalStats }) => usesGlobalStats)) return undefined;
  const { outputs } = view;
  const images = outputs.map((output) => output.maker && imageOf(view, output.maker.layer, output.maker.index));
  const [image] = images;
  if (!image || images.some((each) => !each)) return undefined;
  const { maker, shape } = image;
  const what = `all BatchNorm layers do so, and the net's output is an image, ${shape.join("×")}`;
  if (maker.type === "TanH") return `${what}, by ${maker.label}`;
  const grows = view.layers.some(({ type }) => type === "Deconvolution") && positionsOf(view) < countOf(shape, 2);
  return grows ? `${what}, larger than its input, as a generator's` : undefined;
});

/** A top that may be an image: of 1 or 3 channels, and more than one value wide and high. */
function imageOf(view: View, maker: LintLayer, index: number) {
  const shape = view.topShapes(maker)[index];
  if (shape?.length !== 4) return undefined;
  const [, channels = 0, height = 0, width = 0] = shape;
  return (channels === 1 || channels === 3) && height > 1 && width > 1 ? { maker, shape } : undefined;
}

/** The largest height times width of what feeds a net. */
function positionsOf(view: View): number {
  const fed = view.layers
    .filter(({ message }) => message.bottom.length === 0)
    .flatMap((layer) => view.topShapes(layer));
  return Math.max(...fed.map((shape) => (shape ? countOf(shape, 2) : Number.POSITIVE_INFINITY)));
}
