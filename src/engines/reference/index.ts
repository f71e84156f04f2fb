import type { Compiled, Engine } from "../../core/engine.js";
import type { KernelName } from "../../core/kernels.js";
import type { KernelStep } from "../../core/program.js";
import { type FloatArray, Span, type Storage } from "../../core/span.js";
import * as activation from "./activation.js";
import * as batchNorm from "./batch-norm.js";
import * as clip from "./clip.js";
import * as conv from "./conv.js";
import * as elementwise from "./elementwise.js";
import * as exponential from "./exponential.js";
import * as gemm from "./gemm.js";
import type { Implementations } from "./kernel.js";
import * as lrn from "./lrn.js";
import * as lstm from "./lstm.js";
import * as pool from "./pool.js";
import * as rows from "./rows.js";
import { bias, biasBackward, scale, scaleBackward } from "./scale.js";
import * as sigmoidLoss from "./sigmoid-loss.js";
import * as softmax from "./softmax.js";
import * as solver from "./solver.js";

const implementations: Implementations = {
  ...elementwise,
  ...rows,
  ...gemm,
  ...conv,
  ...pool,
  ...batchNorm,
  ...lrn,
  scale,
  scaleBackward,
  bias,
  biasBackward,
  ...activation,
  ...exponential,
  ...clip,
  ...lstm,
  ...softmax,
  ...sigmoidLoss,
  ...solver,
};

/**
 * Plain TypeScript: the readable definition of every kernel, and the oracle of every test.
 *
 * Values are stored in single precision as in Caffe, or in double precision, for numerical gradient
 * checks; sums are double either way.
 */
export class ReferenceEngine implements Engine {
  readonly name = "reference";
  readonly description: string;
  readonly #bits: 32 | 64;
  #bytesUsed = 0;

  constructor(bits: 32 | 64 = 32) {
    this.#bits = bits;
    this.description = `reference engine, ${bits}-bit floats`;
  }

  get bytesUsed(): number {
    return this.#bytesUsed;
  }

  has(kernel: KernelName): boolean {
    return kernel in implementations;
  }

  allocate(count: number): Storage {
    const array: FloatArray = this.#bits === 64 ? new Float64Array(count) : new Float32Array(count);
    this.#bytesUsed += array.byteLength;
    return {
      array,
      release: () => {
        this.#bytesUsed -= array.byteLength;
      },
    };
  }

  compile(steps: readonly KernelStep[]): Compiled {
    const calls = steps.map(bind);
    return {
      run(from, to) {
        for (let i = from; i < to; i++) calls[i]();
      },
      release() {},
    };
  }

  async dispose(): Promise<void> {}
}

/** A kernel call with the arrays its spans stand for. */
function bind(step: KernelStep): () => void {
  const resolve = (value: unknown): unknown => {
    if (value instanceof Span) return value.array;
    if (Array.isArray(value) && value[0] instanceof Span) return value.map(resolve);
    return value;
  };
  const entries = Object.entries(step.args).map(([name, value]) => [name, resolve(value)]);
  const run = implementations[step.kernel] as (args: unknown) => void;
  const args = Object.fromEntries(entries);
  return () => run(args);
}

/** The kernels this engine has; all of them, as a test makes sure. */
export const referenceKernels = Object.keys(implementations) as KernelName[];
