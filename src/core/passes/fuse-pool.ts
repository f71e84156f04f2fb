import type { NormPool } from "../kernels.js";
import { type KernelStep, kernelStep, type Step } from "../program.js";
import type { Span } from "../span.js";
import { usesOf } from "../uses.js";
import { type FusedGroup, type Plan, stepAt } from "./fuse-batch-norm.js";

export interface PoolsFused extends Plan {
  readonly groups: readonly FusedGroup[];
  /** What no step writes any more: blobs and diffs between normalization and pooling, and masks. */
  readonly skipped: readonly Span[];
}

type Pool = KernelStep<"maxPool"> | KernelStep<"avePool">;
type PoolBackward = KernelStep<"maxPoolBackward"> | KernelStep<"avePoolBackward">;

/**
 * Makes one kernel of a fused BatchNorm and the pooling of its top, forward and backward. The blob between them, often the
 * largest of a net, is never there, nor is its diff, nor where the maxima were: backward finds them again. And where nobody
 * asks where maxima were, as in deployed nets, no mask is written.
 *
 * @param kept spans that others read too
 */
export function fusePool(plan: Plan, kept: ReadonlySet<Span>): PoolsFused {
  const forward = [...plan.forward];
  const backward = plan.backward && [...plan.backward];
  const groups: FusedGroup[] = [];
  const skipped: Span[] = [];
  const touching = (steps: readonly Step[], span: Span) =>
    steps.filter((step) => {
      const { reads, writes } = usesOf(step);
      return [...reads, ...writes].some((region) => region.span.root === span.root);
    });
  /** Whether nobody but these steps has to do with a span. */
  const isOnlyOf = (span: Span, own: readonly Step[]) =>
    span.root === span &&
    !kept.has(span) &&
    [...forward, ...(backward ?? [])].every((step) => own.includes(step) || touching([step], span).length === 0);
  for (let at = 0; at < forward.length; at++) {
    const norm = stepAt(forward, at, "batchNormFused");
    const poolAt = at + (stepAt(forward, at + 1, "batchNormAverage") ? 2 : 1);
    const pool = norm && poolOf(forward, poolAt);
    if (!norm || !pool || pool.args.x !== norm.args.y || !isOnlyOf(norm.args.y, [norm, pool])) continue;
    const backAt = backward?.findIndex((step) => isPoolBackward(step, pool)) ?? -1;
    const back = backward?.[backAt] as PoolBackward | undefined;
    const normBack = backward && stepAt(backward, backAt + 1, "batchNormFusedBackward");
    const flowsBack = backward?.some(({ layer }) => layer >= norm.layer && layer <= pool.layer);
    if (flowsBack) {
      const follows = back && normBack && normBack.args.x === norm.args.x && normBack.args.dy === back.args.dx;
      if (!follows || !isOnlyOf(back.args.dx, [back, normBack, ...dxReaders(backward, normBack)])) continue;
    }
    const mask = pool.kernel === "maxPool" ? pool.args.mask : undefined;
    if (mask && !isOnlyOf(mask, back ? [pool, back] : [pool])) continue;
    const { x, mean, variance, scale, bias, negativeSlope, eps, channels, y } = norm.args;
    const size = { channels, method: pool.kernel === "maxPool" ? "MAX" : "AVE", ...geometryOf(pool) } as const;
    const shared = { x, mean, variance, scale, bias, negativeSlope, eps, ...size };
    forward[at] = kernelStep("batchNormPool", { ...shared, y: pool.args.y }, norm.layer);
    forward.splice(poolAt, 1);
    skipped.push(y, ...(mask ? [mask] : []));
    if (backward && back && normBack) {
      const { dx, dscale, dbias } = normBack.args;
      const args = { ...shared, dy: back.args.dy, dx, dscale, dbias };
      backward.splice(backAt, 2, kernelStep("batchNormPoolBackward", args, norm.layer));
      if (dx !== back.args.dx) skipped.push(back.args.dx);
    }
    groups.push({
      layers: [norm.layer, pool.layer],
      unfuse: [kernelStep("normalizeFused", norm.args, norm.layer), pool],
    });
  }
  return { forward: withoutMasks(forward, isOnlyOf, skipped), backward, groups, skipped };
}

/** Those that read what is written to `dx`, where that is `dy`. */
function dxReaders(backward: readonly Step[], normBack: KernelStep<"batchNormFusedBackward">): readonly Step[] {
  const { dx, dy } = normBack.args;
  return dx === dy ? backward.slice(backward.indexOf(normBack) + 1) : [];
}

function withoutMasks(
  forward: readonly Step[],
  isOnlyOf: (span: Span, own: readonly Step[]) => boolean,
  skipped: Span[],
): readonly Step[] {
  return forward.map((step, at) => {
    const pool = stepAt(forward, at, "maxPool");
    if (!pool?.args.mask || !isOnlyOf(pool.args.mask, [pool])) return step;
    skipped.push(pool.args.mask);
    return kernelStep("maxPool", { ...pool.args, mask: undefined }, pool.layer);
  });
}

function poolOf(steps: readonly Step[], at: number): Pool | undefined {
  return stepAt(steps, at, "maxPool") ?? stepAt(steps, at, "avePool");
}

function isPoolBackward(step: Step, pool: Pool): boolean {
  return step.kind === "kernel" && step.layer === pool.layer && step.kernel === `${pool.kernel}Backward`;
}

function geometryOf({ args }: Pool): Omit<NormPool, "channels" | "method"> {
  const { planes, input, output, kernel, stride, pad } = args;
  return { planes, input, output, kernel, stride, pad };
}
