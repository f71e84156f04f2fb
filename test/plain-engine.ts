import type { Compiled, Engine } from "../src/core/engine.js";
import { type KernelName, kernelNames, plainNames } from "../src/core/kernels.js";
import { lower } from "../src/core/lower.js";
import type { KernelStep } from "../src/core/program.js";
import type { Span, Storage } from "../src/core/span.js";

const plain: ReadonlySet<KernelName> = new Set(plainNames);

export const fusedNames: readonly KernelName[] = kernelNames.filter((name) => !plain.has(name));

/** Wraps an engine and uses only its plain kernels: fused kernels are lowered to plain ones. */
export class PlainEngine implements Engine {
  readonly name = "plain";
  readonly description = "plain kernels only";
  readonly #engine: Engine;
  readonly #admitsFused: boolean;

  /** @param admitsFused whether `has` is true for fused kernels, so that passes use them */
  constructor(engine: Engine, admitsFused: boolean) {
    this.#engine = engine;
    this.#admitsFused = admitsFused;
  }

  get bytesUsed(): number {
    return this.#engine.bytesUsed;
  }

  has(kernel: KernelName): boolean {
    return this.#admitsFused || plain.has(kernel);
  }

  allocate(count: number): Storage {
    return this.#engine.allocate(count);
  }

  compile(steps: readonly KernelStep[], constants?: ReadonlySet<Span>): Compiled {
    const lowered = lower(steps, (kernel) => plain.has(kernel), this.#engine);
    const fused = lowered.steps.filter(({ kernel }) => !plain.has(kernel));
    if (fused.length > 0) throw new Error(`${fused[0].kernel} is not plain`);
    const compiled = this.#engine.compile(lowered.steps, constants);
    return {
      run: (from, to) => compiled.run(lowered.starts[from], lowered.starts[to]),
      release() {
        compiled.release();
        lowered.release();
      },
    };
  }

  dispose(): Promise<void> {
    return this.#engine.dispose();
  }
}
