import type { Extent, SpanUse } from "./kernels/kernel.js";
import { type KernelName, type Kernels, kernels } from "./kernels.js";
import type { HostStep, KernelStep, Step } from "./program.js";
import { Span } from "./span.js";

/** A part of a span, or all of it. */
export interface Region extends Extent {
  readonly span: Span;
}

/** The regions that a step reads, and those that it always writes. */
export interface Uses {
  readonly reads: readonly Region[];
  readonly writes: readonly Region[];
}

const known = new WeakMap<Step, Uses>();

/** The regions that a step reads and writes. They are computed once for each step. */
export function usesOf(step: Step): Uses {
  const uses = known.get(step) ?? workOutUses(step);
  known.set(step, uses);
  return uses;
}

function workOutUses<K extends KernelName>(step: HostStep | KernelStep<K>): Uses {
  if (step.kind === "host") {
    return { reads: step.reads.map((span) => regionOf(span)), writes: step.writes.map((span) => regionOf(span)) };
  }
  const { kernel, args } = step;
  const reads: Region[] = [];
  const writes: Region[] = [];
  for (const use of kernels[kernel].spans) {
    const spans = use.at(args);
    if (!spans) continue;
    const access = typeof use.access === "string" ? use.access : use.access(args);
    for (const span of spans instanceof Span ? [spans] : spans) {
      const region = regionOf(span, use.extent?.(args));
      if (access !== "out") reads.push(region);
      if (access !== "in") writes.push(region);
    }
  }
  return { reads, writes };
}

/** Pairs of an output and an input that the step may write it over. */
export function successorsOf<K extends KernelName>(
  step: HostStep | KernelStep<K>,
): readonly (readonly [output: Span, input: Span])[] {
  if (step.kind === "host") return [];
  const spansOf = (use: SpanUse<Kernels[K]>) => [use.at(step.args) ?? []].flat();
  return kernels[step.kernel].spans.flatMap((output) =>
    output.overwrites.flatMap((input) => spansOf(output).flatMap((y) => spansOf(input).map((x) => [y, x] as const))),
  );
}

/** Floating point operations of a step, as `operations` of its kernel counts them; `undefined` for a host step. */
export function flopsOf<K extends KernelName>(step: HostStep | KernelStep<K>): number | undefined {
  if (step.kind === "host") return undefined;
  const { operations } = kernels[step.kernel];
  if (typeof operations === "function") return operations(step.args);
  const { reads, writes } = usesOf(step);
  return operations * Math.max(...[...reads, ...writes].map(valuesIn));
}

/** The number of values in a region. */
export function valuesIn({ rows, width }: Extent): number {
  return rows * width;
}

function regionOf(span: Span, extent?: Extent): Region {
  const { rows, width, stride } = extent ?? { rows: 1, width: span.count, stride: span.count };
  return { span, rows, width, stride };
}
