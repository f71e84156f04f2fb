import { expect, test } from "vitest";
import { SmoothedLoss } from "./smoothed-loss.js";

test("is the mean of all losses so far, then of the last ones", () => {
  const smoothed = new SmoothedLoss(3);
  const values = [3, 6, 9, 12, 15].map((loss) => {
    smoothed.add(loss);
    return smoothed.value;
  });
  expect(values).toEqual([3, 4.5, 6, 9, 12]);
});

test("with a window of 1 is the last loss", () => {
  const smoothed = new SmoothedLoss(1);
  smoothed.add(5);
  smoothed.add(7);
  expect(smoothed.value).toBe(7);
});

test("continues from a saved window", () => {
  const whole = new SmoothedLoss(3);
  for (const loss of [0.1, 0.7, 0.3, 0.9]) whole.add(loss);
  const resumed = new SmoothedLoss(3);
  expect(resumed.restore(JSON.parse(JSON.stringify(whole.window)))).toBe(true);
  for (const loss of [0.2, 0.4]) {
    whole.add(loss);
    resumed.add(loss);
    expect(resumed.value).toBe(whole.value);
  }
});

test.each([
  ["another size", { size: 4, losses: [1], mean: 1 }],
  ["more losses than it holds", { size: 3, losses: [1, 2, 3, 4], mean: 1 }],
  ["what is no number", JSON.parse('{ "size": 3, "losses": ["1"], "mean": 1 }')],
  ["nothing", JSON.parse("{}")],
])("does not go on from %s", (_, window) => {
  const smoothed = new SmoothedLoss(3);
  smoothed.add(7);
  expect(smoothed.restore(window)).toBe(false);
  expect(smoothed.value).toBe(7);
});
