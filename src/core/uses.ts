import type { Extent, SpanUse } from "./kernels/kernel.js";
import { type KernelName, type Kernels, kernels } from "./kernels.js";
import type { HostStep, KernelStep } from "./program.js";
import { Span } from "./span.js";

/** A part of a span, or all of it. */
export interface Region extends Extent {
  readonly span: Span;
}

/** What a step reads, and what it is sure to have written when it is done. */
export interface Uses {
  readonly reads: readonly Region[];
  readonly writes: readonly Region[];
}

export function usesOf<K extends KernelName>(step: HostStep | KernelStep<K>): Uses {
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

/** What a step may write in the place of something it reads: pairs of spans. */
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

/** How many values a region has. */
export function valuesIn({ rows, width }: Extent): number {
  return rows * width;
}

function regionOf(span: Span, extent?: Extent): Region {
  const { rows, width, stride } = extent ?? { rows: 1, width: span.count, stride: span.count };
  return { span, rows, width, stride };
}
