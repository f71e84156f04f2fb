import type { Kernels } from "../kernels.js";
import { type KernelStep, kernelStep, type Step, spansOf } from "../program.js";
import { type Memory, Span } from "../span.js";

/** Both directions of a net. Without backward, nothing is kept for it. */
export interface Plan {
  readonly forward: readonly Step[];
  readonly backward: readonly Step[] | undefined;
}

/** Layers whose steps became one. */
export interface FusedGroup {
  /** Indices of the first and the last of the layers whose steps changed. */
  readonly layers: readonly [number, number];
  /** Steps that, after a fused forward, make up for what the steps as they were would have left for backward. */
  readonly unfuse: readonly Step[];
}

export interface Fused extends Plan {
  readonly groups: readonly FusedGroup[];
  /** Memory the new steps use. */
  readonly spans: readonly Span[];
}

/**
 * Makes one kernel of BatchNorm with batch statistics and the Scale and ReLU that work in place on its top, forward and
 * backward. Instead of three layers' inputs only one is kept, the BatchNorm's own.
 *
 * With `keepDiffs`, the diff of BatchNorm's top must end as the gradient there, also where its bottom has one of its own:
 * it is left alone then, as a fused backward would leave that of the ReLU's top. Where BatchNorm itself works in place,
 * the steps that compute its bottom write to memory of their own, so that what
 * backward needs is still there when the blob has become the ReLU's top.
 *
 * A ReLU whose top a later layer changes in place stays as it is: it goes by what it finds there in backward, as in Caffe.
 */
export function fuseBatchNorm(plan: Plan, memory: Memory, { keepDiffs }: { readonly keepDiffs: boolean }): Fused {
  const forward = [...plan.forward];
  const backward = plan.backward && [...plan.backward];
  const groups: FusedGroup[] = [];
  const spans: Span[] = [];
  for (let at = 0; at < forward.length; at++) {
    const chain = matchForward(forward, at);
    if (!chain) continue;
    const back = backward && matchBackward(backward, chain);
    // Where no gradient comes back, as in frozen layers and deployed nets, forward is all there is to fuse.
    if (backward && !back && flowsBack(backward, chain)) continue;
    if (keepDiffs && back && back.dy !== back.norm.args.dx) continue;
    if (back && chain.relu && isChanged(forward.slice(at + chain.steps), chain.norm.args.y)) continue;
    const source = sourceOf(forward, at, chain, memory);
    if (!source) continue;
    const { norm, scale, relu } = chain;
    const { mean, variance, y, eps, n, channels, inner } = norm.args;
    const shared = {
      ...{ x: source.x, mean, variance, scale: scale?.args.scale, negativeSlope: relu?.args.negativeSlope ?? 1 },
      ...{ eps, n, channels, inner },
    };
    const bias = scale?.args.bias;
    forward.splice(at, chain.steps, kernelStep("batchNormFused", { ...shared, bias, y }, norm.layer), chain.average);
    for (const [i, step] of source.renamed) forward[i] = step;
    if (source.x !== norm.args.x) spans.push(source.x);
    if (backward && back) {
      const { dy, dx } = { dy: back.dy, dx: back.norm.args.dx };
      const gradients = { dscale: back.dscale, dbias: back.dbias };
      const step = kernelStep("batchNormFusedBackward", { ...shared, bias, dy, dx, ...gradients }, norm.layer);
      backward.splice(back.at, back.steps, step);
    }
    const first = Math.min(norm.layer, ...source.renamed.map(([, { layer }]) => layer));
    groups.push({
      layers: [first, (relu ?? scale ?? norm).layer],
      unfuse: chain.kept.map((span) =>
        kernelStep("normalize", { x: source.x, mean, variance, y: span, eps, n, channels, inner }, norm.layer),
      ),
    });
  }
  return { forward, backward, groups, spans };
}

type StepOf<K extends keyof Kernels> = KernelStep<K>;

interface Chain {
  readonly norm: StepOf<"batchNorm">;
  readonly average: StepOf<"batchNormAverage">;
  readonly scale: StepOf<"scale"> | undefined;
  readonly relu: StepOf<"relu"> | undefined;
  /** Copies that the layers keep for backward: the normalized values, and the Scale's input. */
  readonly kept: readonly Span[];
  /** How many steps it takes. */
  readonly steps: number;
}

function matchForward(steps: readonly Step[], at: number): Chain | undefined {
  const norm = stepAt(steps, at, "batchNorm");
  const average = norm && stepAt(steps, at + 1, "batchNormAverage");
  if (!norm || !average) return undefined;
  const { y, n, channels, inner } = norm.args;
  const kept: Span[] = [];
  let next = at + 2;
  const skipCopy = () => {
    const copy = stepAt(steps, next, "copy");
    if (!copy || copy.args.x !== y) return;
    kept.push(copy.args.y);
    next++;
  };
  skipCopy();
  const end = next;
  skipCopy();
  let scale = stepAt(steps, next, "scale");
  if (scale && !(inPlace(scale.args, y) && sameFold(scale.args, { n, channels, inner }))) scale = undefined;
  if (scale) next++;
  else {
    next = end;
    kept.splice(1);
  }
  let relu = stepAt(steps, next, "relu");
  if (relu && !inPlace(relu.args, y)) relu = undefined;
  if (relu) next++;
  return scale || relu ? { norm, average, scale, relu, kept, steps: next - at } : undefined;
}

interface Backward {
  readonly at: number;
  readonly steps: number;
  readonly norm: StepOf<"batchNormBackward">;
  readonly dy: Span;
  readonly dscale: Span | undefined;
  readonly dbias: Span | undefined;
}

function matchBackward(steps: readonly Step[], { norm, scale, relu }: Chain): Backward | undefined {
  const first = (relu ?? scale ?? norm).layer;
  const at = steps.findIndex(({ layer }) => layer === first);
  let next = at;
  const take = <K extends keyof Kernels>(kernel: K, layer: number | undefined): StepOf<K> | undefined => {
    const step = stepAt(steps, next, kernel);
    if (!step || step.layer !== layer) return undefined;
    next++;
    return step;
  };
  const mask = take("reluBackward", relu?.layer);
  if (relu && !mask) return undefined;
  const bias = take("biasBackward", scale?.layer);
  const factor = take("scaleBackward", scale?.layer);
  const times = take("scale", scale?.layer);
  if (scale && !times) return undefined;
  const last = take("batchNormBackward", norm.layer);
  if (!last) return undefined;
  const dy = last.args.dy;
  const same =
    (!mask || (mask.args.x === norm.args.y && mask.args.dy === dy && mask.args.dx === dy)) &&
    (!bias || (bias.args.dy === dy && bias.args.accumulate)) &&
    (!factor || (factor.args.dy === dy && factor.args.accumulate)) &&
    (!times || inPlace(times.args, dy));
  const gradients = { dscale: factor?.args.dscale, dbias: bias?.args.dbias };
  return same ? { at, steps: next - at, norm: last, dy, ...gradients } : undefined;
}

function flowsBack(steps: readonly Step[], { norm, scale, relu }: Chain): boolean {
  const last = (relu ?? scale ?? norm).layer;
  return steps.some(({ layer }) => layer >= norm.layer && layer <= last);
}

/** Whether one of these steps changes the signs of values that count; dropout leaves those that it does not drop. */
function isChanged(steps: readonly Step[], { root }: Span): boolean {
  const isDropout = (step: Step) => step.kind === "kernel" && step.kernel === "dropout";
  return steps.some((step) => !isDropout(step) && spansOf(step).writes.some((span) => span.root === root));
}

/**
 * Where BatchNorm's input is to be found in forward and backward, and the steps that must write there: `undefined` if
 * it would not last.
 */
function sourceOf(
  steps: readonly Step[],
  at: number,
  { norm }: Chain,
  memory: Memory,
): { x: Span; renamed: readonly (readonly [number, Step])[] } | undefined {
  const { x, y } = norm.args;
  const touches = (step: Step, list: "reads" | "writes") => spansOf(step)[list].some((span) => span.root === x.root);
  if (x !== y) {
    const overwritten = steps.slice(at + 1).some((step) => touches(step, "writes"));
    return overwritten ? undefined : { x, renamed: [] };
  }
  const own = new Span(`${x.name}~`, x.count, memory);
  const renamed: [number, Step][] = [];
  for (let i = at - 1; i >= 0; i--) {
    const step = steps[i] as Step;
    if (!touches(step, "reads") && !touches(step, "writes")) continue;
    const other = step.kind === "kernel" ? renameSpan(step, x, own) : undefined;
    if (
      !other ||
      spansOf(other)
        .reads.concat(spansOf(other).writes)
        .some((span) => span.root === x.root)
    )
      return undefined;
    renamed.push([i, other]);
    if (!touches(step, "reads")) return { x: own, renamed };
  }
  // Nobody in the net computes it: it is an input.
  return undefined;
}

export function renameSpan(step: KernelStep, from: Span, to: Span): KernelStep {
  const swap = (value: unknown): unknown => (value === from ? to : Array.isArray(value) ? value.map(swap) : value);
  const args = Object.fromEntries(Object.entries(step.args).map(([name, value]) => [name, swap(value)]));
  return { ...step, args: args as unknown as KernelStep["args"] };
}

export function stepAt<K extends keyof Kernels>(steps: readonly Step[], at: number, kernel: K): StepOf<K> | undefined {
  const step = steps[at];
  return step?.kind === "kernel" && step.kernel === kernel ? (step as StepOf<K>) : undefined;
}

export const inPlace = (args: { readonly x: Span; readonly y: Span }, span: Span) => args.x === span && args.y === span;

function sameFold(
  { outer, dim, inner }: Kernels["scale"],
  norm: { readonly n: number; readonly channels: number; readonly inner: number },
): boolean {
  return outer === norm.n && dim === norm.channels && inner === norm.inner;
}
