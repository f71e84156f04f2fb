import { create } from "@bufbuild/protobuf";
import { bucketsOf, completedBy } from "../../core/gradient-buckets.js";
import type { Net } from "../../core/net.js";
import type { Step } from "../../core/program.js";
import { isRankSum } from "../../core/rank-sum.js";
import { SolverParameterSchema } from "../../proto/gen/caffe_pb.js";
import { ruleFor } from "../../solvers/index.js";
import { Updater } from "../../solvers/updater.js";
import { check } from "../../util/errors.js";
import type { Workload } from "./predict.js";
import type { IterationTimes, StepTime } from "./step-times.js";

/** The first iterations are slower: memory is new, and compilers still work. */
const warmUps = 2;

export interface MeasureOptions {
  /** The number of iterations to time. */
  readonly iterations: number;
  /** The solver's `type`, which decides what an update costs. */
  readonly solver: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Times the steps of a net as they run in training: its fused program, in the memory that it shares. Each iteration runs twice,
 * whole and step by step; the steps' times are scaled to the sum that the whole has. The learning rate is 0, so weights stay.
 *
 * The time of a step that sums over ranks is what it computes itself, if the net's communicator takes no time.
 */
export async function measureSteps(net: Net, batch: number, options: MeasureOptions): Promise<IterationTimes> {
  const { iterations, solver, signal } = options;
  const param = create(SolverParameterSchema, { type: solver, momentum: 0.9, weightDecay: 5e-4, baseLr: 0.01 });
  const updater = new Updater(net, ruleFor(param), param);
  try {
    await updater.apply(0, 0);
    return await net.turn(async () => {
      await net.inTurn.forward();
      await net.inTurn.backward();
      const { forward, backward = [] } = net.execution.plan;
      const programs = [new TimedSteps(net, forward), new TimedSteps(net, backward)] as const;
      try {
        const whole: [number[], number[], number[]] = [[], [], []];
        for (let i = -warmUps; i < iterations; i++) {
          signal?.throwIfAborted();
          const cleared = await secondsOf(() => net.clearParamDiffs());
          const ran = [
            await secondsOf(() => net.inTurn.forward()),
            await secondsOf(() => net.inTurn.backward()),
          ] as const;
          const updated = await secondsOf(() => updater.apply(0, 1));
          for (const program of programs) await program.run(i >= 0);
          if (i < 0) continue;
          whole[0].push(ran[0]);
          whole[1].push(ran[1]);
          whole[2].push(cleared + updated);
        }
        const [forwards, backwards, updates] = whole;
        const all = forwards.map((seconds, i) => seconds + (backwards[i] ?? 0) + (updates[i] ?? 0));
        return {
          batch,
          forward: programs[0].times(quantile(forwards, 0.5)),
          backward: programs[1].times(quantile(backwards, 0.5)),
          update: quantile(updates, 0.5),
          spread: (quantile(all, 5 / 6) - quantile(all, 1 / 6)) / 2,
        };
      } finally {
        for (const program of programs) program.release();
      }
    });
  } finally {
    updater.dispose();
  }
}

/** The buckets of a net, each after the step of its program that completes it. */
export function bucketTimes(net: Net, bucketBytes: number | undefined, bytesPerGradient: number): Workload["buckets"] {
  const buckets = bucketsOf(net.nodes, net.learnables, bucketBytes);
  check(buckets.length > 0, "MOKA_USAGE", `net "${net.name}" has no gradients: no parameter learns under a loss`);
  const after = completedBy(buckets, net.execution.plan.backward ?? []);
  return buckets.map(({ bytes }, i) => ({ bytes: (bytes * bytesPerGradient) / 4, after: after[i] ?? -1 }));
}

/** The bytes that each forward of this net sends besides: its loss, and the statistics of BatchNorm, in double precision. */
export function bytesAfterForward(net: Net): number {
  const counts = net.layers.map((layer) => {
    const statistics = layer.batchStatistics();
    return statistics ? 1 + statistics.mean.count + statistics.variance.count : 0;
  });
  return 8 * counts.reduce((sum, count) => sum + count, 1);
}

/** Steps of a net, run one by one in the net's memory. */
class TimedSteps {
  readonly #net: Net;
  readonly #steps: readonly Step[];
  readonly #compiled: ReturnType<Net["engine"]["compile"]>;
  /** The seconds that each step took, by iteration. */
  readonly #seconds: readonly number[][];

  constructor(net: Net, steps: readonly Step[]) {
    this.#net = net;
    this.#steps = steps;
    this.#compiled = net.engine.compile(steps.filter((step) => step.kind === "kernel"));
    this.#seconds = steps.map(() => []);
  }

  async run(counts: boolean): Promise<void> {
    let kernel = 0;
    for (const [i, step] of this.#steps.entries()) {
      const start = performance.now();
      if (step.kind === "host") await step.run();
      else this.#compiled.run(kernel, ++kernel);
      if (counts) this.#seconds[i]?.push((performance.now() - start) / 1000);
    }
  }

  /** The median of each step's times, scaled so that their sum is `whole`. */
  times(whole: number): StepTime[] {
    const medians = this.#seconds.map((seconds) => quantile(seconds, 0.5));
    const sum = medians.reduce((total, seconds) => total + seconds, 0);
    return this.#steps.map((step, i) => ({
      layer: this.#net.layers[step.layer]?.name ?? "",
      kernel: step.kind === "host" ? step.label : step.kernel,
      seconds: sum > 0 ? ((medians[i] ?? 0) * whole) / sum : 0,
      waitsFor: isRankSum(step) ? 8 * step.sums.reduce((count, each) => count + each.count, 0) : 0,
    }));
  }

  release(): void {
    this.#compiled.release();
  }
}

async function secondsOf(work: () => void | Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** The value below which this part of the values lies, between the two nearest. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = part * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return low + (high - low) * (at - Math.floor(at));
}
