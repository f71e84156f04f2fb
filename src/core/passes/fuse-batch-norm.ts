import type { Kernels } from "../kernels.js";
import { type KernelStep, kernelStep } from "../program.js";
import type { Span } from "../span.js";
import { usesOf, valuesIn } from "../uses.js";
import {
  type FusedGroup,
  inPlace,
  type PassContext,
  type PlanDraft,
  type Rewritten,
  renameSpan,
  unchanged,
} from "./plan-draft.js";

/**
 * Makes one kernel of BatchNorm with batch statistics and the Scale and ReLU that work in place on its top, forward and
 * backward. Instead of three layers' inputs only one is kept, the BatchNorm's own.
 *
 * With `keep: "all"`, the diff of BatchNorm's top must end as the gradient there, also where its bottom has one of its
 * own: it is left alone then, as a fused backward would leave that of the ReLU's top. Where BatchNorm itself works in
 * place, the steps that compute its bottom write to memory of their own, so that what backward needs is still there when
 * the blob has become the ReLU's top.
 *
 * A ReLU whose top a later layer changes in place stays as it is: it goes by what it finds there in backward, as in Caffe.
 */
export function fuseBatchNorm(draft: PlanDraft, { engine, keep, aside }: PassContext): Rewritten {
  if (!engine.has("batchNormFused")) return unchanged;
  const groups: FusedGroup[] = [];
  const spans: Span[] = [];
  for (let at = 0; at < draft.middle; at++) {
    const chain = matchForward(draft, at);
    if (!chain) continue;
    const { norm, scale, relu } = chain;
    const last = (relu ?? scale ?? norm).layer;
    const back = matchBackward(draft, chain, last);
    // Where no gradient comes back, as in frozen layers and deployed nets, forward is all there is to fuse.
    if (back ? !engine.has("batchNormFusedBackward") : draft.flowsBack(norm.layer, last)) continue;
    if (keep === "all" && back && back.dy !== back.norm.args.dx) continue;
    if (back && relu && isChanged(draft, chain)) continue;
    const source = sourceOf(draft, at, norm, aside);
    if (!source) continue;
    const { mean, variance, y, eps, n, channels, inner } = norm.args;
    const shared = {
      ...{ x: source.x, mean, variance, scale: scale?.args.scale, negativeSlope: relu?.args.negativeSlope ?? 1 },
      ...{ eps, n, channels, inner },
    };
    const bias = scale?.args.bias;
    const fused = kernelStep("batchNormFused", { ...shared, bias, y }, norm.layer);
    draft.replace(chain.positions, [fused, chain.average]);
    for (const [position, step] of source.renamed) draft.replace([position], [step]);
    if (source.x !== norm.args.x) spans.push(source.x);
    if (back) {
      const { dy, dscale, dbias } = back;
      const gradients = { dy, dx: back.norm.args.dx, dscale, dbias };
      draft.replace(back.positions, [
        kernelStep("batchNormFusedBackward", { ...shared, bias, ...gradients }, norm.layer),
      ]);
    }
    const first = Math.min(norm.layer, ...source.renamed.map(([, { layer }]) => layer));
    groups.push({
      layers: [first, last],
      unfuse: chain.kept.map((span) =>
        kernelStep("normalize", { x: source.x, mean, variance, y: span, eps, n, channels, inner }, norm.layer),
      ),
    });
  }
  return { groups, spans, skipped: [] };
}

type StepOf<K extends keyof Kernels> = KernelStep<K>;

interface Chain {
  readonly norm: StepOf<"batchNorm">;
  readonly average: StepOf<"batchNormAverage">;
  readonly scale: StepOf<"scale"> | undefined;
  readonly relu: StepOf<"relu"> | undefined;
  /** Copies that the layers keep for backward: the normalized values, and the Scale's input. */
  readonly kept: readonly Span[];
  /** Where its steps are. */
  readonly positions: readonly number[];
}

function matchForward(draft: PlanDraft, at: number): Chain | undefined {
  const norm = draft.call(at, "batchNorm");
  if (!norm) return undefined;
  const follow = draft.follow(at, 6);
  const average = draft.call(follow[1], "batchNormAverage");
  if (!average) return undefined;
  const { y, n, channels, inner } = norm.args;
  const kept: Span[] = [];
  let next = 2;
  const skipCopy = () => {
    const copy = draft.call(follow[next], "copy");
    if (!copy || copy.args.x !== y) return;
    kept.push(copy.args.y);
    next++;
  };
  skipCopy();
  const end = next;
  skipCopy();
  let scale = draft.call(follow[next], "scale");
  if (scale && !(inPlace(scale.args, y) && collapsesAlike(scale.args, { n, channels, inner }))) scale = undefined;
  if (scale) next++;
  else {
    next = end;
    kept.splice(1);
  }
  let relu = draft.call(follow[next], "relu");
  if (relu && !inPlace(relu.args, y)) relu = undefined;
  if (relu) next++;
  return scale || relu ? { norm, average, scale, relu, kept, positions: follow.slice(0, next) } : undefined;
}

interface Backward {
  readonly positions: readonly number[];
  readonly norm: StepOf<"batchNormBackward">;
  readonly dy: Span;
  readonly dscale: Span | undefined;
  readonly dbias: Span | undefined;
}

function matchBackward(draft: PlanDraft, { norm, scale, relu }: Chain, lastLayer: number): Backward | undefined {
  const [start] = draft.backwardOf(lastLayer);
  if (start === undefined) return undefined;
  const follow = draft.follow(start, 5);
  let next = 0;
  const take = <K extends keyof Kernels>(kernel: K, layer: number | undefined): StepOf<K> | undefined => {
    const step = draft.call(follow[next], kernel);
    if (!step || step.layer !== layer) return undefined;
    next++;
    return step;
  };
  const mask = take("reluBackward", relu?.layer);
  if (relu && !mask) return undefined;
  const bias = take("biasBackward", scale?.layer);
  const multiplier = take("scaleBackward", scale?.layer);
  const times = take("scale", scale?.layer);
  if (scale && !times) return undefined;
  const last = take("batchNormBackward", norm.layer);
  if (!last) return undefined;
  const dy = last.args.dy;
  const same =
    (!mask || (mask.args.x === norm.args.y && mask.args.dy === dy && mask.args.dx === dy)) &&
    (!bias || (bias.args.dy === dy && bias.args.accumulate)) &&
    (!multiplier || (multiplier.args.dy === dy && multiplier.args.accumulate)) &&
    (!times || inPlace(times.args, dy));
  const gradients = { dscale: multiplier?.args.dscale, dbias: bias?.args.dbias };
  return same ? { positions: follow.slice(0, next), norm: last, dy, ...gradients } : undefined;
}

/** Whether a later step changes the signs of values that count; dropout leaves those that it does not drop. */
function isChanged(draft: PlanDraft, { norm, positions }: Chain): boolean {
  const end = positions.at(-1) ?? 0;
  const isLater = (at: number) => at > end && at < draft.middle;
  return draft.writers(norm.args.y).some((at) => isLater(at) && !draft.call(at, "dropout"));
}

/**
 * Where BatchNorm's input is to be found in forward and backward, and the steps that must write there: `undefined` if
 * it would not last.
 */
function sourceOf(
  draft: PlanDraft,
  at: number,
  norm: StepOf<"batchNorm">,
  aside: PassContext["aside"],
): { x: Span; renamed: readonly (readonly [number, KernelStep])[] } | undefined {
  const { x, y } = norm.args;
  if (x !== y) {
    const isOverwritten = draft.writers(x).some((position) => position > at && position < draft.middle);
    return isOverwritten ? undefined : { x, renamed: [] };
  }
  const own = aside(x);
  const before = [...new Set([...draft.readers(x), ...draft.writers(x)])].filter((position) => position < at);
  const renamed: [number, KernelStep][] = [];
  for (const position of before.sort((a, b) => b - a)) {
    const step = draft.at(position);
    const other = step?.kind === "kernel" ? renameSpan(step, x, own) : undefined;
    const { reads, writes } = draft.usesAt(position) ?? { reads: [], writes: [] };
    const left = other && usesOf(other);
    if (!other || !left || [...left.reads, ...left.writes].some(({ span }) => span.root === x.root)) return undefined;
    renamed.push([position, other]);
    const isRead = reads.some(({ span }) => span.root === x.root);
    const isWhole = writes.some((region) => region.span === x && valuesIn(region) >= x.count);
    if (!isRead && isWhole) return { x: own, renamed };
  }
  // No step of the net computes it: it is an input.
  return undefined;
}

function collapsesAlike(
  { outer, dim, inner }: Kernels["scale"],
  norm: { readonly n: number; readonly channels: number; readonly inner: number },
): boolean {
  return outer === norm.n && dim === norm.channels && inner === norm.inner;
}
