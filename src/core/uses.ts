import type { Extent } from "./kernels/kernel.js";
import { type KernelName, kernels } from "./kernels.js";
import type { KernelStep, Step } from "./program.js";
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

export function usesOf(step: Step): Uses {
  if (step.kind === "kernel") return usesOfKernel(step);
  return { reads: step.reads.map((span) => regionOf(span)), writes: step.writes.map((span) => regionOf(span)) };
}

function usesOfKernel<K extends KernelName>({ kernel, args }: KernelStep<K>): Uses {
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
export function successorsOf(step: Step): readonly (readonly [output: Span, input: Span])[] {
  return step.kind === "kernel" ? successorsOfKernel(step) : [];
}

function successorsOfKernel<K extends KernelName>({ kernel, args }: KernelStep<K>): readonly (readonly [Span, Span])[] {
  return kernels[kernel].spans.flatMap((output) =>
    output.overwrites.flatMap((input) =>
      [output.at(args) ?? []].flat().flatMap((y) => [input.at(args) ?? []].flat().map((x) => [y, x] as const)),
    ),
  );
}

/** Floating point operations of a step, as `operations` of its kernel counts them; `undefined` for a host step. */
export function flopsOf(step: Step): number | undefined {
  return step.kind === "kernel" ? flopsOfKernel(step) : undefined;
}

function flopsOfKernel<K extends KernelName>(step: KernelStep<K>): number {
  const { operations } = kernels[step.kernel];
  if (typeof operations === "function") return operations(step.args);
  const { reads, writes } = usesOfKernel(step);
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
