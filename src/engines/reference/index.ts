import type { Compiled, Engine } from "../../core/engine.js";
import type { PlainName } from "../../core/kernels.js";
import { lower } from "../../core/lower.js";
import type { KernelStep } from "../../core/program.js";
import type { FloatArray, Memory, Storage } from "../../core/span.js";
import { check } from "../../util/errors.js";
import * as activation from "./activation.js";
import * as batchNorm from "./batch-norm.js";
import { bind } from "./bind.js";
import * as conv from "./conv.js";
import * as elementwise from "./elementwise.js";
import * as gemm from "./gemm.js";
import type { Implementations } from "./kernel.js";
import * as lrn from "./lrn.js";
import * as lstm from "./lstm.js";
import * as pool from "./pool.js";
import * as regions from "./regions.js";
import * as resampling from "./resampling.js";
import * as rows from "./rows.js";
import * as scale from "./scale.js";
import * as sigmoidLoss from "./sigmoid-loss.js";
import * as softmax from "./softmax.js";
import * as solver from "./solver.js";

const implementations: Implementations = {
  ...elementwise,
  ...rows,
  ...gemm,
  ...conv,
  ...pool,
  ...regions,
  ...resampling,
  ...batchNorm,
  ...lrn,
  ...scale,
  ...activation,
  ...lstm,
  ...softmax,
  ...sigmoidLoss,
  ...solver,
};

/**
 * The engine in plain TypeScript: the readable definition of every plain kernel, which tests compare with. Fused kernels
 * run as the plain ones they stand for.
 *
 * Values are stored in single precision as in Caffe, or in double precision, to check gradients numerically. Sums are
 * always in double precision.
 */
export class ReferenceEngine implements Engine {
  readonly name = "reference";
  readonly description: string;
  readonly #bits: 32 | 64;
  #bytesUsed = 0;
  #isDisposed = false;

  constructor(bits: 32 | 64 = 32) {
    this.#bits = bits;
    this.description = `reference engine, ${bits}-bit floats`;
  }

  get bytesUsed(): number {
    return this.#bytesUsed;
  }

  has(): boolean {
    return true;
  }

  allocate(count: number): Storage {
    check(!this.#isDisposed, "MOKA_USAGE", "the net was disposed of, with its memory");
    const array = this.#array(count);
    this.#bytesUsed += array.byteLength;
    return {
      array,
      release: () => {
        this.#bytesUsed -= array.byteLength;
      },
    };
  }

  #array(count: number): FloatArray {
    return this.#bits === 64 ? new Float64Array(count) : new Float32Array(count);
  }

  compile(steps: readonly KernelStep[]): Compiled {
    // The memory that kernels use while they run is not counted.
    const scratch: Memory = { allocate: (count) => ({ array: this.#array(count), release() {} }) };
    const lowered = lower(steps, (kernel) => kernel in implementations, scratch);
    const calls = lowered.steps.map((step) => bind(step, implementations[step.kernel as PlainName]));
    return {
      run(from, to) {
        for (let i = lowered.starts[from]; i < lowered.starts[to]; i++) calls[i]();
      },
      release: () => lowered.release(),
    };
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
  }
}

/** The plain kernels, which are defined here. */
export const referenceKernels = Object.keys(implementations) as readonly PlainName[];
