import type { KernelName, Kernels } from "./kernels.js";
import type { Span } from "./span.js";

/** One call of a kernel. */
export interface KernelStep<K extends KernelName = KernelName> {
  readonly kind: "kernel";
  readonly kernel: K;
  readonly args: Kernels[K];
  /** Index of the layer that recorded it. */
  readonly layer: number;
}

/** A step in TypeScript: a data layer's next batch, a dropout mask, a user's own layer. */
export interface HostStep {
  readonly kind: "host";
  /** A description of what it does, to be printed. */
  readonly label: string;
  readonly layer: number;
  readonly run: () => void | Promise<void>;
  readonly reads: readonly Span[];
  readonly writes: readonly Span[];
}

/** One step of a program. */
export type Step = KernelStep | HostStep;

/** The steps of a net in one direction, as data: they can be printed, timed, rewritten and compiled. */
export interface Program {
  readonly steps: readonly Step[];
}

export function kernelStep<K extends KernelName>(kernel: K, args: Kernels[K], layer: number): KernelStep<K> {
  return { kind: "kernel", kernel, args, layer };
}
