import type { KernelName } from "./kernels.js";
import type { KernelStep } from "./program.js";
import type { Memory, Span } from "./span.js";

/**
 * Runs kernels, and owns the memory they work on. Several nets may share one engine. A solver's training and test nets
 * do, so that they can share their weights.
 */
export interface Engine extends Memory {
  /** The name in the `engine` option: `reference`, `wasm`, …. */
  readonly name: string;
  /** The technique and the number of threads, for logs: `WebAssembly SIMD, 1 thread`. */
  readonly description: string;
  /** Whether it has this kernel. A pass makes a fused kernel only for an engine that has it; all engines have the plain ones. */
  has(kernel: KernelName): boolean;
  /**
   * Prepares kernel calls. From here on, the spans must not move.
   *
   * @param constants spans that no kernel writes. A result computed from them alone stays valid from run to run, as long
   * as their `revision` stays the same
   */
  compile(steps: readonly KernelStep[], constants?: ReadonlySet<Span>): Compiled;
  /** Memory in use, in bytes. */
  readonly bytesUsed: number;
  /** Frees everything. Nets on this engine are unusable afterwards. */
  dispose(): Promise<void>;
}

/** Compiled kernel calls. They run synchronously, in order. */
export interface Compiled {
  /** Runs steps `[from, to)`. */
  run(from: number, to: number): void;
  /** Frees the memory of the prepared calls. They cannot run again. */
  release(): void;
}
