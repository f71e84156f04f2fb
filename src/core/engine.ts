import type { KernelName } from "./kernels.js";
import type { KernelStep } from "./program.js";
import type { Memory, Span } from "./span.js";

/**
 * Runs kernels, and owns the memory they work on. Several nets may share one: a solver's training and
 * test nets do, so that they can share their weights.
 */
export interface Engine extends Memory {
  /** `reference`, `wasm`, …, as in the `engine` option. */
  readonly name: string;
  /** What runs and on how many threads, for logs: `WebAssembly SIMD, 1 thread`. */
  readonly description: string;
  /** Whether it has this kernel. A pass makes a fused kernel only for an engine that has it; all engines have the plain ones. */
  has(kernel: KernelName): boolean;
  /**
   * Prepares kernel calls; the spans' memory is fixed from here on.
   *
   * @param constants spans that no kernel writes: what is computed of them alone may be kept from run to run, as long as
   * their `revision` stays the same
   */
  compile(steps: readonly KernelStep[], constants?: ReadonlySet<Span>): Compiled;
  /** Memory in use, in bytes. */
  readonly bytesUsed: number;
  /** Frees everything. Nets on this engine are unusable afterwards. */
  dispose(): Promise<void>;
}

/** Compiled kernel calls; dispatch is synchronous, in order. */
export interface Compiled {
  /** Runs steps `[from, to)`. */
  run(from: number, to: number): void;
  /** Gives back what was prepared; it cannot run again. */
  release(): void;
}
