import type { Channels, Kernels } from "../kernels.js";
import { type KernelStep, kernelStep, type Step } from "../program.js";
import { Span } from "../span.js";
import { usesOf } from "../uses.js";
import { inPlace, type PassContext, type PlanDraft, renameSpan } from "./plan-draft.js";

/**
 * Fuses a convolution and the layers that follow in place on its top into one kernel: BatchNorm with global statistics,
 * Scale and ReLU, or some of them. Without a convolution, it fuses BatchNorm, Scale or Bias with the layers that follow,
 * and a sum with its ReLU. Weights do not change: at each run, a small kernel computes one multiplier and one offset for
 * each channel.
 *
 * The ReLU at the end may have a top of its own, if nothing else needs its bottom: that is not stored then, and backward takes the
 * signs of the top.
 *
 * Other blobs have the same values after a run as without fusion, so backward does not change. A Scale in place copies its bottom
 * for backward, and this copy ends a chain. In `inference`, where backward is rare, the copy is left out, and backward
 * computes it again.
 */
export function fuseForward(draft: PlanDraft, { engine, inference, kept }: PassContext): void {
  for (let at = 0; at < draft.middle; at++) {
    const whole = matchChain(draft, at, true, kept);
    const copied = whole?.copy?.args.y;
    const reader = copied && draft.readers(copied).find((position) => position >= draft.middle);
    const canRepeat = inference && whole !== undefined && lasts(draft, whole);
    const chain = reader !== undefined && !canRepeat ? matchChain(draft, at, false, kept) : whole;
    if (!chain || chain.steps.length < 2) continue;
    const fused = fuse(chain, engine);
    if (!fused.steps.every(({ kernel }) => engine.has(kernel))) continue;
    const again = reader !== undefined && chain.copy ? repeated(chain, chain.copy) : [];
    draft.replace(chain.positions, fused.steps);
    if (chain.isLeftOut) leaveOut(draft, chain);
    if (reader !== undefined && again.length > 0) draft.insert(reader, again);
    for (const span of fused.spans) draft.spans.add(span);
    const unfuse = chain.isLeftOut ? chain.steps.slice(0, -1) : again;
    draft.groups.push({ layers: [chain.layer, chain.steps.at(-1)?.layer ?? chain.layer], unfuse });
  }
}

/**
 * Consecutive steps that write their results to `y`, but for a last ReLU, if `y` is left out. Between a convolution and its normalization are the steps that
 * compute the statistics.
 */
type Chain = NonNullable<ReturnType<typeof matchChain>>;

/** The chain of one step or more that begins here. Without `pastCopies`, it ends before a copy. */
function matchChain(draft: PlanDraft, at: number, pastCopies: boolean, kept: PassContext["kept"]) {
  // A bias, of a Bias layer or of another one, can be followed by a ReLU only.
  const [conv, sum, bias] = [draft.call(at, "conv"), draft.call(at, "sum"), draft.call(at, "bias")];
  let [norm, scale] = [draft.call(at, "normalize"), draft.call(at, "scale")];
  const head: Head | undefined = conv ?? sum ?? bias ?? norm ?? scale;
  if (!head) return undefined;
  const { y } = head.args;
  const follows = (args: { x: Span; y: Span }, step: Head) =>
    inPlace(args, y) && isSame(channelsOf(head), channelsOf(step));
  const sequence = draft.sequence(at);
  sequence.take(head.kernel);
  if (conv) {
    sequence.take("batchNormGlobal");
    norm = sequence.take("normalize", follows);
    if (!norm) sequence.cut(1);
  }
  /** The copy of the Scale's bottom. */
  let copy: KernelStep<"copy"> | undefined;
  if (conv ?? norm) {
    const { length } = sequence.positions;
    copy = sequence.take("copy", ({ x }) => x === y);
    const fits = (args: Kernels["scale"], step: Head) => follows(args, step) && args.scale.root !== y.root;
    scale = copy && !pastCopies ? undefined : sequence.take("scale", fits);
    if (!scale) {
      sequence.cut(length);
      copy = undefined;
    }
  }
  const { length } = sequence.positions;
  let relu = sequence.take("relu", (args) => args.x === y);
  const isLeftOut = relu !== undefined && relu.args.y !== y;
  if (relu && isLeftOut && !canLeaveOut(draft, relu, sequence.positions, kept)) {
    sequence.cut(length);
    relu = undefined;
  }
  const { positions } = sequence;
  const steps = positions.map((position) => draft.at(position) as KernelStep);
  return {
    conv,
    sum,
    norm,
    copy,
    scale,
    bias,
    relu,
    y,
    layer: head.layer,
    steps,
    positions,
    isLeftOut: isLeftOut && !!relu,
  };
}

/** Whether only these steps use the bottom of their last step, a ReLU, but for its backward, which can read its top as well. */
function canLeaveOut(
  draft: PlanDraft,
  { args: { x, y, negativeSlope } }: KernelStep<"relu">,
  positions: readonly number[],
  kept: PassContext["kept"],
): boolean {
  if (!kept || kept.has(x) || x.root !== x || y.root !== y || x.count !== y.count || negativeSlope < 0) return false;
  const end = positions.at(-1) ?? 0;
  const sources = usesOf(draft.at(positions[0] ?? 0) as Step).reads.map(({ span }) => span.root);
  return (
    draft.writers(x).every((at) => positions.includes(at)) &&
    draft.readers(x).every((at) => positions.includes(at) || draft.call(at, "reluBackward")?.args.x === x) &&
    // The top and what the chain is computed from are still there in backward.
    [y, ...sources].every((span) => draft.laterWriters(span, end).length === 0)
  );
}

/** Lets backward read the top of the ReLU at the end of a chain instead of its bottom, which no step writes any more. */
function leaveOut(draft: PlanDraft, { y, relu }: Chain): void {
  for (const at of [...draft.readers(y)]) {
    const step = draft.call(at, "reluBackward");
    if (step && relu) draft.replace([at], [renameSpan(step, y, relu.args.y)]);
  }
  draft.skipped.push(y);
}

/** The steps that replace a chain, and the memory they use. */
function fuse(chain: Chain, memory: PassContext["engine"]): { steps: readonly KernelStep[]; spans: readonly Span[] } {
  const { conv, sum, norm, scale, bias, relu, layer } = chain;
  const y = relu?.args.y ?? chain.y;
  const negativeSlope = relu?.args.negativeSlope ?? 1;
  const one = <K extends keyof Kernels>(kernel: K, args: Kernels[K]) => {
    return { steps: [kernelStep(kernel, args, layer)], spans: [] };
  };
  if (sum) return one("sumFused", { ...sum.args, y, negativeSlope });
  const { mean, variance, eps = 0 } = norm?.args ?? {};
  const given = { mean, variance, eps, scale: scale?.args.scale, bias: (scale ?? bias)?.args.bias };
  if (!conv) {
    const head = (norm ?? scale ?? bias) as KernelStep<"normalize"> | KernelStep<"scale"> | KernelStep<"bias">;
    return one("normalizeFused", { x: head.args.x, y, ...given, ...channelsOf(head), negativeSlope });
  }
  if (!norm && !scale) return one("convFused", { ...conv.args, y, multiplier: undefined, negativeSlope });
  const multiplier = new Span(`${y.name}~multiplier`, conv.args.outputs, memory);
  const offset = new Span(`${y.name}~offset`, conv.args.outputs, memory);
  const statistics = chain.steps.filter(({ kernel }) => kernel === "batchNormGlobal");
  const steps = [
    ...statistics.map((step) => ({ ...step, layer })),
    kernelStep("normToAffine", { ...given, shift: conv.args.bias, multiplier, offset }, layer),
    kernelStep("convFused", { ...conv.args, y, multiplier, bias: offset, negativeSlope }, layer),
  ];
  return { steps, spans: [multiplier, offset] };
}

/** Whether the inputs of a chain are unchanged at the end of forward, so that it can be computed again. */
function lasts(draft: PlanDraft, { positions, steps, y }: Chain): boolean {
  const end = positions.at(-1) ?? 0;
  const sources = usesOf(steps[0] as Step).reads.map(({ span }) => span.root);
  return !sources.includes(y.root) && !sources.some((source) => draft.laterWriters(source, end).length > 0);
}

/** The steps before a copy; their last result goes directly to the destination of the copy. */
function repeated({ steps, y }: Chain, copy: KernelStep<"copy">): readonly Step[] {
  const before = steps.slice(0, steps.indexOf(copy)).filter(({ kernel }) => kernel !== "batchNormGlobal");
  return before.map((step) => ({ ...renameSpan(step, y, copy.args.y), layer: copy.layer }));
}

type HeadName = "conv" | "sum" | "normalize" | "scale" | "bias";
type Head = { [K in HeadName]: KernelStep<K> }[HeadName];

/** The sizes of a step's top, collapsed around its channels. A sum has one channel. */
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
