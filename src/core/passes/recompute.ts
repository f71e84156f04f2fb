import { type KernelStep, kernelStep, type Step } from "../program.js";
import { type Memory, Span } from "../span.js";
import { usesOf } from "../uses.js";
import { type Plan, renameSpan, stepAt } from "./fuse-batch-norm.js";

export interface Recomputed extends Plan {
  /** Memory the new steps use. */
  readonly spans: readonly Span[];
}

/**
 * What a fused BatchNorm puts out, or the pooling with it, is not kept for backward where that only reads it, as a
 * convolution's gradient for its weights does: it is computed again right before. Its input is there anyway, for
 * BatchNorm's own backward. That halves what a net of convolutions with batch normalization must keep, for one more pass
 * over the values. They may differ in their last digits from what they were: means are rounded when they are kept.
 *
 * @param kept spans that others read too
 */
export function recomputeNormalized(plan: Plan, kept: ReadonlySet<Span>, memory: Memory): Recomputed {
  const { forward } = plan;
  if (!plan.backward) return { ...plan, spans: [] };
  const backward = [...plan.backward];
  const spans: Span[] = [];
  forward.forEach((_, at) => {
    const norm = normAt(forward, at);
    if (!norm || kept.has(norm.args.y.root)) return;
    const readers = readersOf(norm.args.y, forward, at, backward);
    const end = backward.findIndex((step) => isBackwardOf(step, norm));
    const [first] = readers ?? [];
    if (!readers || first === undefined || Math.max(...readers) > end) return;
    const again = new Span(`${norm.args.y.name}'`, norm.args.y.count, memory);
    for (const index of readers) backward[index] = renameSpan(backward[index] as KernelStep, norm.args.y, again);
    const layer = (backward[first] as Step).layer;
    backward.splice(first, 0, repeated(norm, again, layer));
    spans.push(again);
  });
  return { forward, backward, spans };
}

/**
 * The steps of backward that read `y`, which step `at` of forward writes; `undefined` if it must stay as it is: another
 * step writes to it, a part of it has a span of its own, or nothing comes in between that would get its memory.
 */
function readersOf(y: Span, forward: readonly Step[], at: number, backward: readonly Step[]): number[] | undefined {
  const touches = (step: Step, list: "reads" | "writes") => usesOf(step)[list].some(({ span }) => span.root === y.root);
  const isWritten = forward.some((step, i) => i !== at && touches(step, "writes"));
  if (y.root !== y || isWritten || backward.some((step) => touches(step, "writes"))) return undefined;
  const last = forward.findLastIndex((step) => touches(step, "reads"));
  if (!forward.some((_, i) => i > last && normAt(forward, i))) return undefined;
  const readers = [...backward.keys()].filter((index) => touches(backward[index] as Step, "reads"));
  const areWhole = readers.every((index) => {
    const step = backward[index] as Step;
    return step.kind === "kernel" && usesOf(step).reads.every(({ span }) => span === y || span.root !== y);
  });
  return areWhole ? readers : undefined;
}

type Norm = KernelStep<"batchNormFused"> | KernelStep<"batchNormPool">;

function normAt(steps: readonly Step[], at: number): Norm | undefined {
  return stepAt(steps, at, "batchNormFused") ?? stepAt(steps, at, "batchNormPool");
}

/** What computes the same with the statistics there are. */
function repeated(norm: Norm, y: Span, layer: number): Step {
  if (norm.kernel === "batchNormFused") return kernelStep("normalizeFused", { ...norm.args, y }, layer);
  return kernelStep("normalizePool", { ...norm.args, y }, layer);
}

function isBackwardOf(step: Step, { args, layer, kernel }: Norm): boolean {
  if (step.kind !== "kernel" || step.layer !== layer || step.kernel !== `${kernel}Backward`) return false;
  return (step.args as Norm["args"]).x === args.x;
}
