import { type KernelStep, kernelStep, type Step } from "../program.js";
import { Span } from "../span.js";
import { usesOf } from "../uses.js";
import { type PassContext, type PlanDraft, renameSpan } from "./plan-draft.js";

/**
 * Computes the result of a fused BatchNorm, or of the pooling fused with it, again in backward instead of storing it. This
 * is done if backward only reads it, as a convolution's gradient for its weights does. The BatchNorm's bottom is stored
 * anyway, for its own backward. The memory of a net of convolutions with batch normalization is halved, for one more pass
 * over the values. The last digits may differ from those of forward, because the stored means are rounded.
 */
export function recomputeNormalized(draft: PlanDraft, { engine, kept }: PassContext): void {
  if (!kept) return;
  let lastNorm = draft.middle - 1;
  while (lastNorm >= 0 && !normAt(draft, lastNorm)) lastNorm--;
  for (let at = 0; at <= lastNorm; at++) {
    const norm = normAt(draft, at);
    if (!norm || kept.has(norm.args.y.root) || !engine.has(repeatedBy(norm))) continue;
    const { y } = norm.args;
    const readers = readersOf(y, draft, at, lastNorm);
    const isItsBackward = (position: number) => draft.call(position, backwardOf[norm.kernel])?.args.x === norm.args.x;
    const end = draft.backwardOf(norm.layer).find(isItsBackward) ?? -1;
    const [first] = readers;
    if (first === undefined || (readers.at(-1) ?? 0) > end) continue;
    const again = new Span(`${y.name}'`, y.count, engine);
    for (const reader of readers) draft.replace([reader], [renameSpan(draft.at(reader) as KernelStep, y, again)]);
    draft.insert(first, [repeated(norm, again, (draft.at(first) as Step).layer)]);
    draft.spans.add(again);
  }
}

/**
 * The positions in backward of the steps that read `y`, which step `at` of forward writes. Empty if `y` must be stored:
 * another step writes to it, a part of it is a span of its own, or no step in between would use its memory.
 */
function readersOf(y: Span, draft: PlanDraft, at: number, lastNorm: number): readonly number[] {
  if (y.root !== y || draft.writers(y).some((position) => position !== at)) return [];
  const all = draft.readers(y);
  if (all.some((position) => position < draft.middle && position >= lastNorm)) return [];
  const readers = all.filter((position) => position >= draft.middle);
  const isWhole = (position: number) =>
    draft.at(position)?.kind === "kernel" &&
    usesOf(draft.at(position) as Step).reads.every(({ span }) => span === y || span.root !== y);
  return readers.every(isWhole) ? readers : [];
}

/** The kernels of forward, and those that read x last in backward. */
const backwardOf = {
  batchNormFused: "batchNormFusedBackward",
  batchNormPool: "batchNormPoolBackward",
  normalizeFused: "batchNormFusedBackwardApply",
  normalizePool: "batchNormPoolBackwardApply",
} as const;

type Norm = { [K in keyof typeof backwardOf]: KernelStep<K> }[keyof typeof backwardOf];

/** The normalization by statistics of the batch, or of the batches of all ranks, at this position. */
function normAt(draft: PlanDraft, at: number): Norm | undefined {
  const alone = draft.call(at, "batchNormFused") ?? draft.call(at, "batchNormPool");
  if (alone) return alone;
  const shared = draft.call(at, "normalizeFused") ?? draft.call(at, "normalizePool");
  return shared && draft.isSummed(shared.args.mean) ? shared : undefined;
}

const repeatedBy = ({ kernel }: Norm) =>
  kernel === "batchNormFused" || kernel === "normalizeFused" ? "normalizeFused" : "normalizePool";

/** The step that computes the same values from the statistics of forward. */
function repeated(norm: Norm, y: Span, layer: number): Step {
  if (norm.kernel === "batchNormFused" || norm.kernel === "normalizeFused") {
    return kernelStep("normalizeFused", { ...norm.args, y }, layer);
  }
  return kernelStep("normalizePool", { ...norm.args, y }, layer);
}
