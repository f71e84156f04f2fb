import type { Channels, Kernels } from "../kernels.js";
import { type KernelStep, kernelStep, type Step, spansOf } from "../program.js";
import { type Memory, Span } from "../span.js";
import { type Fused, type FusedGroup, inPlace, type Plan, renameSpan, stepAt } from "./fuse-batch-norm.js";

/**
 * Makes one kernel of a convolution and what follows in place on its top: BatchNorm with global statistics, Scale and
 * ReLU, or some of them. Where there is no convolution, of BatchNorm, Scale or Bias and what follows; and of a sum and
 * the ReLU on it. Weights stay as they are: a small kernel makes of all that is given by channel one multiplier and one
 * offset, each time.
 *
 * Blobs end with what they would have held anyway, so that backward can stay as it is. Only what a Scale in place sets
 * aside for it, its input, ends a chain; in `inference`, where backward is hardly ever asked for, backward computes it
 * again instead.
 */
export function fuseForward(plan: Plan, memory: Memory, { inference }: { readonly inference: boolean }): Fused {
  const forward = [...plan.forward];
  let { backward } = plan;
  const groups: FusedGroup[] = [];
  const spans: Span[] = [];
  for (let at = 0; at < forward.length; at++) {
    const whole = matchChain(forward, at, true);
    const aside = whole?.copy?.args.y;
    const reader = aside && backward?.find((step) => spansOf(step).reads.includes(aside));
    const canRepeat = inference && whole !== undefined && lasts(forward, at, whole);
    const chain = reader && !canRepeat ? matchChain(forward, at, false) : whole;
    if (!chain || chain.steps.length < 2) continue;
    const again = reader && chain.copy ? repeated(chain, chain.copy) : [];
    const fused = fuse(chain, memory, spans);
    forward.splice(at, chain.steps.length, ...fused);
    at += fused.length - 1;
    backward = backward?.flatMap((step) => (step === reader ? [...again, step] : [step]));
    groups.push({ layers: [chain.layer, chain.steps.at(-1)?.layer ?? chain.layer], unfuse: again });
  }
  return { forward, backward, groups, spans };
}

type StepOf<K extends keyof Kernels> = KernelStep<K> | undefined;

/** Steps that follow on each other and leave their results in `y`. */
interface Chain {
  readonly conv: StepOf<"conv">;
  readonly sum: StepOf<"sum">;
  readonly norm: StepOf<"normalize">;
  /** Of what goes into the Scale. */
  readonly copy: StepOf<"copy">;
  readonly scale: StepOf<"scale">;
  /** Of a Bias, or of another layer that adds one; nothing but a ReLU is with it. */
  readonly bias: StepOf<"bias">;
  readonly relu: StepOf<"relu">;
  readonly y: Span;
  readonly layer: number;
  /** All of them, in their order, and what computes the statistics between a convolution and its normalization. */
  readonly steps: readonly KernelStep[];
}

/** The chain that begins here, if only of one step; without `pastCopies`, it ends before a copy. */
function matchChain(steps: readonly Step[], at: number, pastCopies: boolean): Chain | undefined {
  const conv = stepAt(steps, at, "conv");
  const sum = stepAt(steps, at, "sum");
  const bias = stepAt(steps, at, "bias");
  let norm = stepAt(steps, at, "normalize");
  let scale = stepAt(steps, at, "scale");
  const head: Head | undefined = conv ?? sum ?? bias ?? norm ?? scale;
  if (!head) return undefined;
  const { y } = head.args;
  const startsWithScale = scale !== undefined;
  let next = at + 1;
  if (conv) {
    const skipped = stepAt(steps, next, "batchNormGlobal") ? 1 : 0;
    norm = stepAt(steps, next + skipped, "normalize");
    if (norm && !(inPlace(norm.args, y) && isSame(channelsOf(conv), channelsOf(norm)))) norm = undefined;
    if (norm) next += skipped + 1;
  }
  let copy: StepOf<"copy">;
  if (!startsWithScale && (conv ?? norm)) {
    copy = stepAt(steps, next, "copy");
    if (copy?.args.x !== y) copy = undefined;
    scale = stepAt(steps, next + (copy ? 1 : 0), "scale");
    const fits = scale && inPlace(scale.args, y) && isSame(channelsOf(head), channelsOf(scale));
    if (!fits || scale?.args.scale.root === y.root || (copy && !pastCopies)) [copy, scale] = [undefined, undefined];
    next += (copy ? 1 : 0) + (scale ? 1 : 0);
  }
  let relu = stepAt(steps, next, "relu");
  if (relu && !inPlace(relu.args, y)) relu = undefined;
  const all = steps.slice(at, next + (relu ? 1 : 0)) as KernelStep[];
  return { conv, sum, norm, copy, scale, bias, relu, y, layer: head.layer, steps: all };
}

/** What takes the place of a chain. */
function fuse(chain: Chain, memory: Memory, spans: Span[]): Step[] {
  const { conv, sum, norm, scale, bias, relu, y, layer } = chain;
  const negativeSlope = relu?.args.negativeSlope ?? 1;
  if (sum) return [kernelStep("sumFused", { ...sum.args, negativeSlope }, layer)];
  const { mean, variance, eps = 0 } = norm?.args ?? {};
  const given = { mean, variance, eps, scale: scale?.args.scale, bias: (scale ?? bias)?.args.bias };
  if (!conv) {
    const head = (norm ?? scale ?? bias) as KernelStep<"normalize"> | KernelStep<"scale"> | KernelStep<"bias">;
    return [kernelStep("normalizeFused", { x: head.args.x, y, ...given, ...channelsOf(head), negativeSlope }, layer)];
  }
  if (!norm && !scale) return [kernelStep("convFused", { ...conv.args, multiplier: undefined, negativeSlope }, layer)];
  const multiplier = new Span(`${y.name}~multiplier`, conv.args.outputs, memory);
  const offset = new Span(`${y.name}~offset`, conv.args.outputs, memory);
  spans.push(multiplier, offset);
  const statistics = chain.steps.filter(({ kernel }) => kernel === "batchNormGlobal");
  return [
    ...statistics.map((step) => ({ ...step, layer })),
    kernelStep("normToAffine", { ...given, shift: conv.args.bias, multiplier, offset }, layer),
    kernelStep("convFused", { ...conv.args, multiplier, bias: offset, negativeSlope }, layer),
  ];
}

/** Whether what a chain is computed of is still there at the end, so that it can be computed again. */
function lasts(steps: readonly Step[], at: number, { steps: own, y }: Chain): boolean {
  const sources = own.slice(0, 1).flatMap((step) => spansOf(step).reads.map(({ root }) => root));
  const later = steps.slice(at + own.length).flatMap((step) => spansOf(step).writes);
  return !sources.includes(y.root) && later.every(({ root }) => !sources.includes(root));
}

/** The steps before a copy, with their results where the copy would put them. */
function repeated({ steps, y }: Chain, copy: KernelStep<"copy">): readonly Step[] {
  const before = steps.slice(0, steps.indexOf(copy)).filter(({ kernel }) => kernel !== "batchNormGlobal");
  return before.map((step) => ({ ...renameSpan(step, y, copy.args.y), layer: copy.layer }));
}

type HeadName = "conv" | "sum" | "normalize" | "scale" | "bias";
type Head = { [K in HeadName]: KernelStep<K> }[HeadName];

/** The sizes of a step's top, collapsed around its channels; a sum has one. */
function channelsOf(step: Head): Channels {
  switch (step.kernel) {
    case "conv": {
      const { n, outputs, output } = step.args;
      return { n, channels: outputs, inner: output.reduce((product, size) => product * size, 1) };
    }
    case "sum":
      return { n: 1, channels: 1, inner: step.args.y.count };
    case "normalize": {
      const { n, channels, inner } = step.args;
      return { n, channels, inner };
    }
    default: {
      const { outer, dim, inner } = step.args;
      return { n: outer, channels: dim, inner };
    }
  }
}

function isSame(a: Channels, b: Channels): boolean {
  return a.n === b.n && a.channels === b.channels && a.inner === b.inner;
}
