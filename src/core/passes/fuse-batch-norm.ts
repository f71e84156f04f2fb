import type { KernelName, Kernels } from "../kernels.js";
import { type KernelStep, kernelStep, type Step } from "../program.js";
import type { Span } from "../span.js";
import { usesOf, valuesIn } from "../uses.js";
import { inPlace, movesAverages, type PassContext, type PlanDraft, renameSpan } from "./plan-draft.js";

/**
 * Fuses BatchNorm, or a layer that does the same in the same steps, with batch statistics and the Scale and ReLU that work in place on its top into one kernel, forward and
 * backward. For backward only the BatchNorm's bottom is stored, instead of the bottoms of three layers.
 *
 * With `keep: "all"`, the diff of BatchNorm's top must hold the gradient there after a run. A fused backward would leave
 * the gradient of the ReLU's top in it, so nothing is fused if BatchNorm's bottom has another diff. If BatchNorm works in
 * place, the steps that compute its bottom write to other memory: backward needs these values after the ReLU has
 * overwritten the blob.
 *
 * Where the statistics are over all ranks, the sums stay steps of their own: the kernels before and after them are fused.
 *
 * A ReLU whose top a later layer changes in place is not fused: its backward reads the changed values, as in Caffe.
 */
export function fuseBatchNorm(draft: PlanDraft, { engine, keep }: PassContext): void {
  for (let at = 0; at < draft.middle; at++) {
    const chain = matchForward(draft, at);
    if (!chain || !engine.has(chain.fused)) continue;
    const { norm, scale, relu } = chain;
    const last = (relu ?? scale ?? norm).layer;
    const back = matchBackward(draft, chain, last);
    // Frozen layers and deployed nets have no backward steps: only forward is fused.
    if (back ? !back.fused.every((kernel) => engine.has(kernel)) : draft.flowsBack(norm.layer, last)) continue;
    if (keep === "all" && back && back.dy !== back.norm.args.dx) continue;
    if (back && relu && isChanged(draft, chain)) continue;
    const source = sourceOf(draft, at, norm);
    if (!source) continue;
    const { variance, y, eps, n, channels, inner } = norm.args;
    const mean = norm.args.mean as Span;
    const shared = {
      ...{ x: source.x, mean, variance, scale: scale?.args.scale, negativeSlope: relu?.args.negativeSlope ?? 1 },
      ...{ eps, n, channels, inner },
    };
    const bias = scale?.args.bias;
    const fused = kernelStep(chain.fused, { ...shared, bias, y }, norm.layer);
    draft.replace(chain.positions, [fused, ...chain.moves]);
    for (const [position, step] of source.renamed) draft.replace([position], [step]);
    if (source.x !== norm.args.x) draft.spans.add(source.x);
    if (back) {
      draft.replace(back.positions, back.steps({ ...shared, bias }));
    }
    const first = Math.min(norm.layer, ...source.renamed.map(([, { layer }]) => layer));
    draft.groups.push({
      layers: [first, last],
      unfuse: chain.kept.map((span) =>
        kernelStep("normalize", { x: source.x, mean, variance, y: span, eps, n, channels, inner }, norm.layer),
      ),
    });
  }
}

type Chain = NonNullable<ReturnType<typeof matchForward>>;

function matchForward(draft: PlanDraft, at: number) {
  const sequence = draft.sequence(at);
  const norm = sequence.take("batchNorm") ?? sequence.take("normalize", ({ mean }) => draft.isSummed(mean));
  if (!norm) return undefined;
  const { y, n, channels, inner } = norm.args;
  const moves = sequence.takeAll((step) => movesAverages(step, norm));
  const copyOfNorm = sequence.take("copy", ({ x }, { layer }) => x === y && layer === norm.layer);
  // Other layers normalize too, without averages, and read their tops in backward.
  if (moves.length === 0 && !copyOfNorm) return undefined;
  const end = sequence.positions.length;
  const copyForScale = sequence.take("copy", ({ x }) => x === y);
  const scale = sequence.take("scale", (args) => inPlace(args, y) && collapsesAlike(args, { n, channels, inner }));
  if (!scale) sequence.cut(end);
  const relu = sequence.take("relu", (args) => inPlace(args, y));
  if (!scale && !relu) return undefined;
  // The spans that the layers store for backward: the normalized values, and the Scale's bottom.
  const kept = [copyOfNorm, scale && copyForScale].flatMap((copy) => copy?.args.y ?? []);
  const fused: "batchNormFused" | "normalizeFused" = norm.kernel === "batchNorm" ? "batchNormFused" : "normalizeFused";
  return { norm, moves, scale, relu, kept, fused, positions: sequence.positions };
}

function matchBackward(draft: PlanDraft, { norm, scale, relu }: Chain, lastLayer: number) {
  const [start] = draft.backwardOf(lastLayer);
  if (start === undefined) return undefined;
  const sequence = draft.sequence(start);
  const take = <K extends keyof Kernels>(kernel: K, layer: number | undefined) =>
    sequence.take(kernel, (_, step) => step.layer === layer);
  const mask = take("reluBackward", relu?.layer);
  if (relu && !mask) return undefined;
  const bias = take("biasBackward", scale?.layer);
  const multiplier = take("scaleBackward", scale?.layer);
  const times = take("scale", scale?.layer);
  if (scale && !times) return undefined;
  const sums = take("batchNormBackwardSums", norm.layer);
  const sum = sums && sequence.takeSum();
  const apply = sum && take("batchNormBackwardApply", norm.layer);
  const last = apply ?? (sums ? undefined : take("batchNormBackward", norm.layer));
  if (!last) return undefined;
  const { dx } = last.args;
  /** The diff of the last layer's top. A layer that scales too multiplies it into dx, where its normalization goes on. */
  const dy = times?.args.x ?? last.args.dy;
  const same =
    (!mask || (mask.args.x === norm.args.y && mask.args.dy === dy && mask.args.dx === dy)) &&
    (!bias || (bias.args.dy === dy && bias.args.accumulate)) &&
    (!multiplier || (multiplier.args.dy === dy && multiplier.args.accumulate)) &&
    (!times || (times.args.y === last.args.dy && (last.args.dy === dy || last.args.dy === dx)));
  if (!same) return undefined;
  const { layer } = norm;
  const gradients = { dscale: multiplier?.args.dscale, dbias: bias?.args.dbias };
  const steps = (forward: Omit<Kernels["batchNormFusedBackward"], "dy" | "dx" | "dscale" | "dbias">): Step[] =>
    apply
      ? [
          kernelStep("batchNormFusedBackwardSums", { ...forward, ...gradients, dy, sums: sums.args.sums }, layer),
          sum,
          kernelStep("batchNormFusedBackwardApply", { ...forward, dy, dx, averages: apply.args.averages }, layer),
        ]
      : [kernelStep("batchNormFusedBackward", { ...forward, ...gradients, dy, dx }, layer)];
  const fused: readonly KernelName[] = apply
    ? ["batchNormFusedBackwardSums", "batchNormFusedBackwardApply"]
    : ["batchNormFusedBackward"];
  return { positions: sequence.positions, norm: last, dy, fused, steps };
}

/** Whether a later step may change signs. Dropout does not change the signs of the values that it does not set to 0. */
function isChanged(draft: PlanDraft, { norm, positions }: Chain): boolean {
  return draft.laterWriters(norm.args.y, positions.at(-1) ?? 0).some((at) => !draft.call(at, "dropout"));
}

/**
 * The span with BatchNorm's bottom in forward and backward, and the steps that must write to it; `undefined` if a later
 * step overwrites it.
 */
function sourceOf(
  draft: PlanDraft,
  at: number,
  norm: KernelStep<"batchNorm"> | KernelStep<"normalize">,
): { x: Span; renamed: readonly (readonly [number, KernelStep])[] } | undefined {
  const { x, y } = norm.args;
  if (x !== y) {
    return draft.laterWriters(x, at).length > 0 ? undefined : { x, renamed: [] };
  }
  const own = x.spare;
  const before = [...new Set([...draft.readers(x), ...draft.writers(x)])].filter((position) => position < at);
  const renamed: [number, KernelStep][] = [];
  for (const position of before.sort((a, b) => b - a)) {
    const step = draft.at(position) as Step;
    const other = step.kind === "kernel" ? renameSpan(step, x, own) : undefined;
    const { reads, writes } = usesOf(step);
    const left = other && usesOf(other);
    if (!other || !left || [...left.reads, ...left.writes].some(({ span }) => span.root === x.root)) return undefined;
    renamed.push([position, other]);
    const isRead = reads.some(({ span }) => span.root === x.root);
    const isWhole = writes.some((region) => region.span === x && valuesIn(region) >= x.count);
    if (!isRead && isWhole) return { x: own, renamed };
  }
  // No step computes it: it is an input of the net.
  return undefined;
}

function collapsesAlike(
  { outer, dim, inner }: Kernels["scale"],
  norm: { readonly n: number; readonly channels: number; readonly inner: number },
): boolean {
  return outer === norm.n && dim === norm.channels && inner === norm.inner;
}
