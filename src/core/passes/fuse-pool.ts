import type { NormPool } from "../kernels.js";
import { type KernelStep, kernelStep } from "../program.js";
import type { Span } from "../span.js";
import { movesAverages, type PassContext, type PlanDraft } from "./plan-draft.js";

type Pool = KernelStep<"maxPool"> | KernelStep<"avePool">;
type PoolBackward = KernelStep<"maxPoolBackward"> | KernelStep<"avePoolBackward">;

/**
 * Fuses a fused BatchNorm and the pooling of its top into one kernel, forward and backward. The blob between them is often
 * the largest of a net. It is not stored, nor are its diff and the positions of the maxima: backward computes them again.
 * If no step reads the positions of the maxima, as in deployed nets, pooling writes no mask.
 */
export function fusePool(draft: PlanDraft, { engine, kept }: PassContext): void {
  if (!kept) return;
  /** Whether a span is used by these steps alone. */
  const isOnlyOf = (span: Span, isOwn: (position: number) => boolean) =>
    span.root === span && !kept.has(span) && draft.readers(span).every(isOwn) && draft.writers(span).every(isOwn);
  const isOneOf =
    (...own: readonly (number | undefined)[]) =>
    (position: number) =>
      own.includes(position);
  const canFuse = engine.has("batchNormPool") && engine.has("normalizePool") && engine.has("normalizeFused");
  for (let at = 0; at < draft.middle && canFuse; at++) {
    const sequence = draft.sequence(at);
    const norm = sequence.take("batchNormFused") ?? sequence.take("normalizeFused", ({ mean }) => draft.isSummed(mean));
    if (!norm) continue;
    sequence.takeAll((step) => movesAverages(step, norm));
    const pool = sequence.take("maxPool") ?? sequence.take("avePool");
    const poolAt = sequence.positions.at(-1) ?? at;
    if (pool?.args.x !== norm.args.y || !isOnlyOf(norm.args.y, isOneOf(at, poolAt))) continue;
    const back = matchBackward(draft, norm, pool);
    if (draft.flowsBack(norm.layer, pool.layer)) {
      if (!back?.fused.every((kernel) => engine.has(kernel))) continue;
      const { dx } = back.norm.args;
      const [, normAt = 0] = back.positions;
      // If the result is written to the diff of the blob between them, later steps read that diff too.
      const isOwn = (position: number) => back.positions.includes(position) || (dx === back.dx && position > normAt);
      if (!isOnlyOf(back.dx, isOwn)) continue;
    }
    const mask = pool.kernel === "maxPool" ? pool.args.mask : undefined;
    if (mask && !isOnlyOf(mask, isOneOf(poolAt, back?.positions[0]))) continue;
    const { x, scale, bias, negativeSlope, eps, channels, y } = norm.args;
    const [mean, variance] = [norm.args.mean as Span, norm.args.variance as Span];
    const { planes, input, output, kernel, stride, pad, padAfter, excludesPad } = pool.args;
    const method: NormPool["method"] = pool.kernel === "maxPool" ? "MAX" : "AVE";
    const size = { planes, input, output, kernel, stride, pad, padAfter, excludesPad, channels, method };
    const shared = { x, mean, variance, scale, bias, negativeSlope, eps, ...size };
    const args = { ...shared, y: pool.args.y };
    draft.replace(
      [at],
      [
        norm.kernel === "batchNormFused"
          ? kernelStep("batchNormPool", { ...args, mean, variance }, norm.layer)
          : kernelStep("normalizePool", args, norm.layer),
      ],
    );
    draft.replace([poolAt], []);
    draft.skipped.push(y, ...(mask ? [mask] : []));
    if (back) {
      const { dx } = back.norm.args;
      draft.replace(back.positions, back.steps(size));
      if (dx !== back.dx) draft.skipped.push(back.dx);
    }
    draft.groups.push({
      layers: [norm.layer, pool.layer],
      unfuse: [kernelStep("normalizeFused", norm.args, norm.layer), pool],
    });
  }
  for (let at = 0; at < draft.middle; at++) {
    const pool = draft.call(at, "maxPool");
    if (!pool?.args.mask || !isOnlyOf(pool.args.mask, isOneOf(at))) continue;
    draft.skipped.push(pool.args.mask);
    draft.replace([at], [kernelStep("maxPool", { ...pool.args, mask: undefined }, pool.layer)]);
  }
}

type Norm = KernelStep<"batchNormFused"> | KernelStep<"normalizeFused">;

/** The steps of backward, the gradient of pooling's top, dy, and that of the blob between the two layers, dx. */
function matchBackward(draft: PlanDraft, norm: Norm, pool: Pool) {
  const kernel = `${pool.kernel}Backward` as const;
  const at = draft.backwardOf(pool.layer).find((position) => draft.call(position, kernel));
  if (at === undefined) return undefined;
  const sequence = draft.sequence(at);
  const { dy, dx } = (sequence.take(kernel) as PoolBackward).args;
  const fits = (args: { x: Span; dy: Span }) => args.x === norm.args.x && args.dy === dx;
  const whole = sequence.take("batchNormFusedBackward", fits);
  const { positions } = sequence;
  const { layer } = norm;
  if (whole) {
    const steps = (size: NormPool) => [kernelStep("batchNormPoolBackward", { ...whole.args, ...size, dy }, layer)];
    return { positions, norm: whole, dy, dx, fused: ["batchNormPoolBackward"] as const, steps };
  }
  const sums = sequence.take("batchNormFusedBackwardSums", fits);
  const sum = sums && sequence.takeSum();
  const apply = sum && sequence.take("batchNormFusedBackwardApply", fits);
  if (!apply) return undefined;
  const steps = (size: NormPool) => [
    kernelStep("batchNormPoolBackwardSums", { ...sums.args, ...size, dy }, layer),
    sum,
    kernelStep("batchNormPoolBackwardApply", { ...apply.args, ...size, dy }, layer),
  ];
  const fused = ["batchNormPoolBackwardSums", "batchNormPoolBackwardApply"] as const;
  return { positions, norm: apply, dy, dx, fused, steps };
}
