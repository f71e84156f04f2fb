import { access, overwrites } from "./access.js";
import type { KernelStep, Step } from "./program.js";
import type { Span } from "./span.js";

/** `rows` runs of `width` values of a span, consecutive runs `stride` apart. */
export interface Region {
  readonly span: Span;
  readonly rows: number;
  readonly width: number;
  readonly stride: number;
}

/** What a step reads, and what it is sure to have written when it is done. */
export interface Uses {
  readonly reads: readonly Region[];
  readonly writes: readonly Region[];
}

/**
 * More exact than `access` alone: with the arguments known, some spans of the kind `inout` are not read, and some
 * kernels write to a part of a span only.
 */
export function usesOf(step: Step): Uses {
  if (step.kind === "host") return { reads: step.reads.map(whole), writes: step.writes.map(whole) };
  const uses: { reads: Region[]; writes: Region[] } = { reads: [], writes: [] };
  const args = step.args as unknown as Record<string, Span | readonly Span[] | undefined>;
  for (const [name, use] of Object.entries(access[step.kernel])) {
    for (const span of [args[name] ?? []].flat() as Span[]) {
      const region = regionOf(step, name, span);
      if (use === "in" || (use === "inout" && readsTarget(step))) uses.reads.push(region);
      if (use !== "in") uses.writes.push(region);
    }
  }
  return uses;
}

/** What a step may write in the place of something it reads: pairs of spans. */
export function successorsOf(step: Step): readonly (readonly [output: Span, input: Span])[] {
  if (step.kind === "host") return [];
  const args = step.args as unknown as Record<string, Span | readonly Span[] | undefined>;
  const spansAt = (name: string) => [args[name] ?? []].flat() as Span[];
  return Object.entries(overwrites[step.kernel] ?? {}).flatMap(([output, inputs]) =>
    spansAt(output).flatMap((span) =>
      (inputs as readonly string[]).flatMap(spansAt).map((input): [Span, Span] => [span, input]),
    ),
  );
}

/** How many values a region has. */
export function valuesIn({ rows, width }: Region): number {
  return rows * width;
}

function whole(span: Span): Region {
  return { span, rows: 1, width: span.count, stride: span.count };
}

function regionOf(step: KernelStep, name: string, span: Span): Region {
  if (isCall(step, "copyRows")) {
    const { rows, width, xStride, yStride } = step.args;
    return { span, rows, width, stride: name === "x" ? xStride : yStride };
  }
  if (isCall(step, "gemm") && name === "c") {
    const width = step.args.m * step.args.n;
    return { span, rows: 1, width, stride: width };
  }
  return whole(span);
}

/** Whether a kernel's `inout` spans are read with these arguments. */
function readsTarget(step: KernelStep): boolean {
  if (isCall(step, "copyRows")) return false;
  if (isCall(step, "gemm")) return step.args.beta !== 0;
  if (isCall(step, "axpby")) return step.args.b !== 0;
  if (isCall(step, "scaleBackward") || isCall(step, "biasBackward")) return step.args.accumulate;
  return true;
}

function isCall<K extends KernelStep["kernel"]>(step: KernelStep, kernel: K): step is KernelStep<K> {
  return step.kernel === kernel;
}
