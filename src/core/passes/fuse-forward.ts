import type { Channels, Kernels } from "../kernels.js";
import { type KernelStep, kernelStep, type Step } from "../program.js";
import { Span } from "../span.js";
import {
  type FusedGroup,
  inPlace,
  type PassContext,
  type PlanDraft,
  type Rewritten,
  renameSpan,
} from "./plan-draft.js";

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
export function fuseForward(draft: PlanDraft, { engine, inference }: PassContext): Rewritten {
  const groups: FusedGroup[] = [];
  const spans: Span[] = [];
  for (let at = 0; at < draft.middle; at++) {
    const whole = matchChain(draft, at, true);
    const aside = whole?.copy?.args.y;
    const reader = aside && draft.readers(aside).find((position) => position >= draft.middle);
    const canRepeat = inference && whole !== undefined && lasts(draft, whole);
    const chain = reader !== undefined && !canRepeat ? matchChain(draft, at, false) : whole;
    if (!chain || chain.steps.length < 2) continue;
    const fused = fuse(chain, engine);
    if (!fused.steps.every(({ kernel }) => engine.has(kernel))) continue;
    const again = reader !== undefined && chain.copy ? repeated(chain, chain.copy) : [];
    draft.replace(chain.positions, fused.steps);
    if (reader !== undefined && again.length > 0) draft.insert(reader, again);
    spans.push(...fused.spans);
    groups.push({ layers: [chain.layer, chain.steps.at(-1)?.layer ?? chain.layer], unfuse: again });
  }
  return { groups, spans, skipped: [] };
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
  readonly positions: readonly number[];
}

/** The chain that begins here, if only of one step; without `pastCopies`, it ends before a copy. */
function matchChain(draft: PlanDraft, at: number, pastCopies: boolean): Chain | undefined {
  const conv = draft.call(at, "conv");
  const sum = draft.call(at, "sum");
  const bias = draft.call(at, "bias");
  let norm = draft.call(at, "normalize");
  let scale = draft.call(at, "scale");
  const head: Head | undefined = conv ?? sum ?? bias ?? norm ?? scale;
  if (!head) return undefined;
  const { y } = head.args;
  const startsWithScale = scale !== undefined;
  const follow = draft.follow(at, 6);
  let next = 1;
  if (conv) {
    const skipped = draft.call(follow[next], "batchNormGlobal") ? 1 : 0;
    norm = draft.call(follow[next + skipped], "normalize");
    if (norm && !(inPlace(norm.args, y) && isSame(channelsOf(conv), channelsOf(norm)))) norm = undefined;
    if (norm) next += skipped + 1;
  }
  let copy: StepOf<"copy">;
  if (!startsWithScale && (conv ?? norm)) {
    copy = draft.call(follow[next], "copy");
    if (copy?.args.x !== y) copy = undefined;
    scale = draft.call(follow[next + (copy ? 1 : 0)], "scale");
    const fits = scale && inPlace(scale.args, y) && isSame(channelsOf(head), channelsOf(scale));
    if (!fits || scale?.args.scale.root === y.root || (copy && !pastCopies)) [copy, scale] = [undefined, undefined];
    next += (copy ? 1 : 0) + (scale ? 1 : 0);
  }
  let relu = draft.call(follow[next], "relu");
  if (relu && !inPlace(relu.args, y)) relu = undefined;
  const positions = follow.slice(0, next + (relu ? 1 : 0));
  const steps = positions.map((position) => draft.at(position) as KernelStep);
  return { conv, sum, norm, copy, scale, bias, relu, y, layer: head.layer, steps, positions };
}

/** What takes the place of a chain, and the memory it uses. */
function fuse(chain: Chain, memory: PassContext["engine"]): { steps: readonly KernelStep[]; spans: readonly Span[] } {
  const { conv, sum, norm, scale, bias, relu, y, layer } = chain;
  const negativeSlope = relu?.args.negativeSlope ?? 1;
  const one = <K extends keyof Kernels>(kernel: K, args: Kernels[K]) => {
    return { steps: [kernelStep(kernel, args, layer)], spans: [] };
  };
  if (sum) return one("sumFused", { ...sum.args, negativeSlope });
  const { mean, variance, eps = 0 } = norm?.args ?? {};
  const given = { mean, variance, eps, scale: scale?.args.scale, bias: (scale ?? bias)?.args.bias };
  if (!conv) {
    const head = (norm ?? scale ?? bias) as KernelStep<"normalize"> | KernelStep<"scale"> | KernelStep<"bias">;
    return one("normalizeFused", { x: head.args.x, y, ...given, ...channelsOf(head), negativeSlope });
  }
  if (!norm && !scale) return one("convFused", { ...conv.args, multiplier: undefined, negativeSlope });
  const multiplier = new Span(`${y.name}~multiplier`, conv.args.outputs, memory);
  const offset = new Span(`${y.name}~offset`, conv.args.outputs, memory);
  const statistics = chain.steps.filter(({ kernel }) => kernel === "batchNormGlobal");
  const steps = [
    ...statistics.map((step) => ({ ...step, layer })),
    kernelStep("normToAffine", { ...given, shift: conv.args.bias, multiplier, offset }, layer),
    kernelStep("convFused", { ...conv.args, multiplier, bias: offset, negativeSlope }, layer),
  ];
  return { steps, spans: [multiplier, offset] };
}

/** Whether what a chain is computed of is still there at the end, so that it can be computed again. */
function lasts(draft: PlanDraft, { positions, y }: Chain): boolean {
  const end = positions.at(-1) ?? 0;
  const sources = draft.usesAt(positions[0] ?? 0)?.reads.map(({ span }) => span.root) ?? [];
  const isOverwritten = (source: Span) => draft.writers(source).some((at) => at > end && at < draft.middle);
  return !sources.includes(y.root) && !sources.some(isOverwritten);
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
