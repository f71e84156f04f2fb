import type { NormPool } from "../kernels.js";
import { type KernelStep, kernelStep, type Step } from "../program.js";
import type { Span } from "../span.js";
import { type FusedGroup, isCall, type PassContext, type PlanDraft, type Rewritten, unchanged } from "./plan-draft.js";

type Pool = KernelStep<"maxPool"> | KernelStep<"avePool">;
type PoolBackward = KernelStep<"maxPoolBackward"> | KernelStep<"avePoolBackward">;

/**
 * Makes one kernel of a fused BatchNorm and the pooling of its top, forward and backward. The blob between them, often the
 * largest of a net, is never there, nor is its diff, nor where the maxima were: backward finds them again. And where nobody
 * asks where maxima were, as in deployed nets, no mask is written.
 */
export function fusePool(draft: PlanDraft, { engine, kept }: PassContext): Rewritten {
  if (!kept) return unchanged;
  const groups: FusedGroup[] = [];
  const skipped: Span[] = [];
  /** Whether a span is used by these steps alone. */
  const isOnlyOf = (span: Span, isOwn: (position: number) => boolean) =>
    span.root === span && !kept.has(span) && draft.readers(span).every(isOwn) && draft.writers(span).every(isOwn);
  const isOneOf = (...own: readonly (number | undefined)[]) => {
    return (position: number) => own.includes(position);
  };
  const canFuse = engine.has("batchNormPool") && engine.has("normalizeFused");
  for (let at = 0; at < draft.middle && canFuse; at++) {
    const norm = draft.call(at, "batchNormFused");
    if (!norm) continue;
    const [, second, third] = draft.follow(at, 3);
    const poolAt = draft.call(second, "batchNormAverage") ? third : second;
    const pool = poolOf(draft, poolAt);
    if (!pool || poolAt === undefined || pool.args.x !== norm.args.y) continue;
    if (!isOnlyOf(norm.args.y, isOneOf(at, poolAt))) continue;
    const back = matchBackward(draft, norm, pool);
    if (draft.flowsBack(norm.layer, pool.layer)) {
      if (!back || !engine.has("batchNormPoolBackward")) continue;
      const { dx } = back.norm.args;
      const [, normAt = 0] = back.positions;
      // Where dx is the diff between them, those behind read it too.
      const isOwn = (position: number) => back.positions.includes(position) || (dx === back.dx && position > normAt);
      if (!isOnlyOf(back.dx, isOwn)) continue;
    }
    const mask = pool.kernel === "maxPool" ? pool.args.mask : undefined;
    if (mask && !isOnlyOf(mask, isOneOf(poolAt, back?.positions[0]))) continue;
    const { x, mean, variance, scale, bias, negativeSlope, eps, channels, y } = norm.args;
    const size = { channels, method: pool.kernel === "maxPool" ? "MAX" : "AVE", ...geometryOf(pool) } as const;
    const shared = { x, mean, variance, scale, bias, negativeSlope, eps, ...size };
    draft.replace([at], [kernelStep("batchNormPool", { ...shared, y: pool.args.y }, norm.layer)]);
    draft.replace([poolAt], []);
    skipped.push(y, ...(mask ? [mask] : []));
    if (back) {
      const { dx, dscale, dbias } = back.norm.args;
      const args = { ...shared, dy: back.dy, dx, dscale, dbias };
      draft.replace(back.positions, [kernelStep("batchNormPoolBackward", args, norm.layer)]);
      if (dx !== back.dx) skipped.push(back.dx);
    }
    groups.push({
      layers: [norm.layer, pool.layer],
      unfuse: [kernelStep("normalizeFused", norm.args, norm.layer), pool],
    });
  }
  for (let at = 0; at < draft.middle; at++) {
    const pool = draft.call(at, "maxPool");
    if (!pool?.args.mask || !isOnlyOf(pool.args.mask, isOneOf(at))) continue;
    skipped.push(pool.args.mask);
    draft.replace([at], [kernelStep("maxPool", { ...pool.args, mask: undefined }, pool.layer)]);
  }
  return { groups, spans: [], skipped };
}

interface Backward {
  /** Of pooling's step and of normalization's. */
  readonly positions: readonly number[];
  readonly norm: KernelStep<"batchNormFusedBackward">;
  /** The gradient for pooling's top, and for what lies between the two. */
  readonly dy: Span;
  readonly dx: Span;
}

function matchBackward(draft: PlanDraft, norm: KernelStep<"batchNormFused">, pool: Pool): Backward | undefined {
  const at = draft.backwardOf(pool.layer).find((position) => isPoolBackward(draft.at(position), pool));
  if (at === undefined) return undefined;
  const positions = draft.follow(at, 2);
  const { dy, dx } = (draft.at(at) as PoolBackward).args;
  const last = draft.call(positions[1], "batchNormFusedBackward");
  const follows = last && last.args.x === norm.args.x && last.args.dy === dx;
  return follows ? { positions, norm: last, dy, dx } : undefined;
}

function poolOf(draft: PlanDraft, at: number | undefined): Pool | undefined {
  return draft.call(at, "maxPool") ?? draft.call(at, "avePool");
}

function isPoolBackward(step: Step | undefined, pool: Pool): boolean {
  return step !== undefined && isCall(step, `${pool.kernel}Backward`);
}

function geometryOf({ args }: Pool): Omit<NormPool, "channels" | "method"> {
  const { planes, input, output, kernel, stride, pad } = args;
  return { planes, input, output, kernel, stride, pad };
}
