import { describe, expect, test } from "vitest";
import { eachTimes, fitLine, fitTimes, type IterationTimes, totalsOf } from "./step-times.js";

const step = (seconds: number, waitsFor = 0) => ({ layer: "a", kernel: "gemm", seconds, waitsFor });
const times = (batch: number, forward: number[], backward: number[], update = 1): IterationTimes => ({
  ...{ batch, forward: forward.map((s) => step(s)), backward: backward.map((s) => step(s)), update, spread: 0.1 },
});

describe("a line through times", () => {
  test("points on a line give it back", () => {
    const line = fitLine([1, 4, 16], [5, 11, 35]);
    for (const [x, y] of [
      [1, 5],
      [2, 7],
      [16, 35],
      [100, 203],
    ] as const)
      expect(line(x)).toBeCloseTo(y, 9);
  });

  test("times are never negative, and never fall with the batch", () => {
    const through = fitLine([2, 4], [1, 4]);
    expect(through(0)).toBe(0);
    expect(through(8)).toBeGreaterThan(4);
    const flat = fitLine([1, 2, 4], [3, 2.9, 2.8]);
    expect(flat(1)).toBe(flat(100));
    expect(flat(1)).toBeGreaterThan(2.8);
    expect(flat(1)).toBeLessThan(3);
    expect(fitLine([1, 2], [0, 0])(7)).toBe(0);
  });
});

describe("times of a batch that was not measured", () => {
  test("each step has its own line", () => {
    const { at, error } = fitTimes([times(1, [1, 2], [3]), times(2, [1, 4], [5]), times(4, [1, 8], [9])]);
    const { forward, backward, update, batch } = at(8);
    expect(batch).toBe(8);
    expect(forward.map(({ seconds }) => seconds)).toEqual([expect.closeTo(1, 9), expect.closeTo(16, 9)]);
    expect(backward[0]?.seconds).toBeCloseTo(17, 9);
    expect(update).toBe(1);
    expect(error).toBeLessThan(1e-9);
  });

  test("the error is the largest difference from what was measured", () => {
    const { at, error } = fitTimes([times(1, [1], [], 0), times(2, [2], [], 0), times(3, [4], [], 0)]);
    const errors = [1, 2, 4].map((seconds, i) => Math.abs(totalsOf(at(i + 1)).all / seconds - 1));
    expect(error).toBeCloseTo(Math.max(...errors), 12);
    expect(error).toBeGreaterThan(0.05);
  });

  test("what BatchNorm sums does not depend on the batch", () => {
    const summing = (batch: number) => ({ ...times(batch, [], []), forward: [step(batch, 264)] });
    expect(fitTimes([summing(1), summing(4)]).at(2).forward[0]).toMatchObject({ waitsFor: 264 });
  });

  test("one batch stands for itself", () => {
    const { at, error } = fitTimes([times(4, [1], [2])]);
    expect([at(4), error]).toEqual([times(4, [1], [2]), 0]);
  });

  test("programs that differ cannot be compared", () => {
    expect(() => fitTimes([times(1, [1], [2]), times(2, [1, 1], [2])])).toThrow(/other steps for other batches/);
    expect(() => fitTimes([])).toThrow("no batch was measured");
  });
});

test("all times change, and nothing else", () => {
  expect(eachTimes(times(4, [1, 2], [3], 5), (seconds) => seconds / 2)).toEqual({
    ...times(4, [0.5, 1], [1.5], 2.5),
    spread: 0.05,
  });
});
