import { type KernelStep, kernelStep, type Step } from "../program.js";
import { Span } from "../span.js";
import { type PassContext, type PlanDraft, type Rewritten, renameSpan, unchanged } from "./plan-draft.js";

/**
 * What a fused BatchNorm puts out, or the pooling with it, is not kept for backward where that only reads it, as a
 * convolution's gradient for its weights does: it is computed again right before. Its input is there anyway, for
 * BatchNorm's own backward. That halves what a net of convolutions with batch normalization must keep, for one more pass
 * over the values. They may differ in their last digits from what they were: means are rounded when they are kept.
 */
export function recomputeNormalized(draft: PlanDraft, { engine, kept }: PassContext): Rewritten {
  if (!kept) return unchanged;
  const spans: Span[] = [];
  let lastNorm = draft.middle - 1;
  while (lastNorm >= 0 && !normAt(draft, lastNorm)) lastNorm--;
  for (let at = 0; at <= lastNorm; at++) {
    const norm = normAt(draft, at);
    if (!norm || kept.has(norm.args.y.root) || !engine.has(repeatedBy(norm))) continue;
    const { y } = norm.args;
    const readers = readersOf(y, draft, at, lastNorm);
    const end = draft.backwardOf(norm.layer).find((position) => isBackwardOf(draft.at(position), norm)) ?? -1;
    const [first] = readers;
    if (first === undefined || (readers.at(-1) ?? 0) > end) continue;
    const again = new Span(`${y.name}'`, y.count, engine);
    for (const reader of readers) draft.replace([reader], [renameSpan(draft.at(reader) as KernelStep, y, again)]);
    draft.insert(first, [repeated(norm, again, (draft.at(first) as Step).layer)]);
    spans.push(again);
  }
  return { groups: [], spans, skipped: [] };
}

/**
 * The positions in backward of the steps that read `y`, which step `at` of forward writes; none if it must stay as it is:
 * another step writes to it, a part of it has a span of its own, or nothing comes in between that would get its memory.
 */
function readersOf(y: Span, draft: PlanDraft, at: number, lastNorm: number): readonly number[] {
  if (y.root !== y || draft.writers(y).some((position) => position !== at)) return [];
  const all = draft.readers(y);
  if (all.some((position) => position < draft.middle && position >= lastNorm)) return [];
  const readers = all.filter((position) => position >= draft.middle);
  const isWhole = (position: number) =>
    draft.at(position)?.kind === "kernel" &&
    draft.usesAt(position)?.reads.every(({ span }) => span === y || span.root !== y);
  return readers.every(isWhole) ? readers : [];
}

type Norm = KernelStep<"batchNormFused"> | KernelStep<"batchNormPool">;

function normAt(draft: PlanDraft, at: number): Norm | undefined {
  return draft.call(at, "batchNormFused") ?? draft.call(at, "batchNormPool");
}

const repeatedBy = ({ kernel }: Norm) => (kernel === "batchNormFused" ? "normalizeFused" : "normalizePool");

/** What computes the same with the statistics there are. */
function repeated(norm: Norm, y: Span, layer: number): Step {
  if (norm.kernel === "batchNormFused") return kernelStep("normalizeFused", { ...norm.args, y }, layer);
  return kernelStep("normalizePool", { ...norm.args, y }, layer);
}

function isBackwardOf(step: Step | undefined, { args, kernel }: Norm): boolean {
  if (step?.kind !== "kernel" || step.kernel !== `${kernel}Backward`) return false;
  return (step.args as Norm["args"]).x === args.x;
}
