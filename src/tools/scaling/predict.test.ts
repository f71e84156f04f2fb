import { describe, expect, test } from "vitest";
import { allReduceCost } from "./all-reduce.js";
import type { Cluster } from "./cluster.js";
import { eventsOf, type Prediction, predict, type Workload } from "./predict.js";
import type { IterationTimes } from "./step-times.js";

const cluster: Cluster = {
  ...{
    perHost: 1,
    remote: { latency: 20e-6, secondsPerByte: 1 / 3.125e9 },
    local: { latency: 1e-6, secondsPerByte: 1e-10 },
  },
  ...{ secondsPerReducedByte: 1e-10, overhead: 50e-6, pause: 0, cores: 4, threads: 4, progressCores: 0 },
};
const step = (seconds: number, waitsFor = 0) => ({ layer: "a", kernel: "gemm", seconds, waitsFor });
/** 10 ms forward, 20 ms backward in two steps, 1 ms update. */
const times: IterationTimes = {
  ...{ batch: 32, forward: [step(0.01)], backward: [step(0.01), step(0.01)], update: 0.001, spread: 0 },
};
const work: Workload = {
  buckets: [
    { bytes: 4e6, after: 0 },
    { bytes: 4e6, after: 1 },
  ],
  afterForward: 0,
  afterUpdate: 0,
};
const of = (ranks: number, change: Partial<Cluster> = {}, more: Partial<Workload> = {}, of = times): Prediction =>
  predict(ranks, { ...cluster, ...change }, { ...work, ...more }, times, of);
const costOf = (bytes: number, ranks: number) => {
  const { latency, transfer } = allReduceCost(bytes, ranks, cluster);
  return latency + transfer;
};

describe("weak scaling", () => {
  test("one rank alone is 100 %", () => {
    expect(of(1)).toMatchObject({ seconds: expect.closeTo(0.031, 9), efficiency: 1, hidden: 1, limit: "compute" });
    expect(of(1).imagesPerSecond).toBeCloseTo(32 / 0.031, 6);
    expect(of(1).speedFor90).toBeUndefined();
  });

  test("the first bucket is hidden behind the second step, the last one is not", () => {
    const { seconds, hidden, efficiency, compute, sending } = of(2);
    const each = costOf(4e6, 2);
    expect(each).toBeLessThan(0.01);
    expect(seconds).toBeCloseTo(0.031 + each, 9);
    expect(compute).toBeCloseTo(0.031, 9);
    expect(sending).toBeCloseTo(2 * each, 9);
    expect(hidden).toBeCloseTo(0.5, 9);
    expect(efficiency).toBeCloseTo(0.031 / (0.031 + each), 9);
  });

  test("images a second are those of all ranks", () => {
    const { imagesPerSecond, seconds, efficiency } = of(64);
    expect(imagesPerSecond).toBeCloseTo((64 * 32) / seconds, 6);
    expect(imagesPerSecond).toBeCloseTo((efficiency * 64 * 32) / 0.031, 6);
  });

  test("iter_size sends gradients once for several batches", () => {
    const each = costOf(4e6, 2);
    const { seconds, efficiency } = of(2, {}, { iterSize: 4 });
    expect(seconds).toBeCloseTo(4 * 0.03 + 0.001 + each, 9);
    expect(efficiency).toBeCloseTo((4 * 0.03 + 0.001) / (4 * 0.03 + 0.001 + each), 9);
  });

  test("what the ranks agree on after the update is waited for; what forward sends is hidden", () => {
    const before = of(4).seconds;
    expect(of(4, {}, { afterUpdate: 8 }).seconds - before).toBeCloseTo(costOf(8, 4), 9);
    expect(of(4, {}, { afterForward: 8 }).seconds - before).toBeCloseTo(0, 9);
  });
});

describe("what limits", () => {
  test("bandwidth, where gradients are large", () => {
    const slow = { remote: { latency: 20e-6, secondsPerByte: 1 / 125e6 } };
    expect(of(8, slow).limit).toBe("bandwidth");
    expect(of(8, slow).efficiency).toBeLessThan(0.5);
  });

  test("latency, where messages are small and many", () => {
    const buckets = Array.from({ length: 100 }, () => ({ bytes: 100, after: 1 }));
    expect(of(8, { remote: { latency: 1e-3, secondsPerByte: 1e-10 } }, { buckets }).limit).toBe("latency");
  });

  test("the messages of BatchNorm, where they are what waits", () => {
    const waiting = { ...times, forward: Array.from({ length: 50 }, () => step(0.0002, 1032)) };
    const slow = { remote: { latency: 1e-3, secondsPerByte: 1e-10 } };
    expect(of(8, slow, {}, waiting).limit).toBe("sync-BN");
    expect(of(8, slow, {}, waiting).blocked).toBeCloseTo(50 * (3e-3 + 50e-6), 3);
    expect(of(1, slow, {}, waiting).blocked).toBe(0);
  });

  test("cores, where the ranks of a host have too few", () => {
    const crowded = of(4, { perHost: 4, threads: 4 });
    expect(crowded.compute).toBeCloseTo(4 * 0.031, 9);
    expect(crowded.limit).toBe("cores");
    expect(of(2, { perHost: 4, threads: 2 }).compute).toBeCloseTo(0.031, 9);
  });

  test("the batch, where a small part of it takes nearly as long as all of it", () => {
    const part = { ...times, batch: 1 };
    expect(of(32, {}, {}, part).limit).toBe("batch");
  });
});

test("messages under way slow computing down by the part of a core that they take", () => {
  const { seconds } = of(2, { progressCores: 0.5 });
  const each = costOf(4e6, 2);
  // The second step has 4/4.5 of the speed while the first bucket is under way.
  const slowed = each + (0.01 - (each * 4) / 4.5);
  expect(seconds).toBeCloseTo(0.021 + slowed + each, 9);
});

describe("break-even", () => {
  test("with the bandwidth that it says, efficiency is 90 %", () => {
    for (const ranks of [2, 64, 512]) {
      const { bandwidthFor90 = 0 } = of(ranks);
      const at = (bytes: number) => of(ranks, { remote: { latency: 20e-6, secondsPerByte: 1 / bytes } }).efficiency;
      expect(at(bandwidthFor90)).toBeGreaterThanOrEqual(0.9);
      expect(at(0.98 * bandwidthFor90)).toBeLessThan(0.9);
    }
  });

  test("with hosts so many times faster, efficiency is 90 %", () => {
    const { speedFor90 = 0 } = of(2);
    const at = (speed: number) => {
      const faster = {
        ...times,
        ...{ forward: [step(0.01 / speed)], backward: [step(0.01 / speed), step(0.01 / speed)], update: 0.001 / speed },
      };
      return predict(2, cluster, work, faster, faster).efficiency;
    };
    expect(at(speedFor90)).toBeGreaterThanOrEqual(0.9);
    expect(at(1.02 * speedFor90)).toBeLessThan(0.9);
  });

  test("no bandwidth is enough where latency alone takes too long; none is needed in one host", () => {
    expect(of(512, { remote: { latency: 0.1, secondsPerByte: 1e-10 } }).bandwidthFor90).toBeUndefined();
    expect(of(4, { perHost: 4, threads: 1 }).bandwidthFor90).toBeUndefined();
  });
});

test("events are in the order of the program; a bucket that no step completes comes before backward", () => {
  const waiting = { ...times, forward: [step(1, 24)], backward: [step(2), step(0, 16)] };
  const buckets = [
    { bytes: 1, after: -1 },
    { bytes: 2, after: 0 },
    { bytes: 3, after: 1 },
  ];
  expect(eventsOf(waiting, { buckets, afterForward: 8 })).toEqual([
    { kind: "compute", seconds: 1 },
    { kind: "wait", bytes: 24 },
    { kind: "bucket", bytes: 8 },
    { kind: "bucket", bytes: 1 },
    { kind: "compute", seconds: 2 },
    { kind: "bucket", bytes: 2 },
    { kind: "wait", bytes: 16 },
    { kind: "bucket", bytes: 3 },
  ]);
});
