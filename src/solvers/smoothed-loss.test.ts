import { expect, test } from "vitest";
import { SmoothedLoss } from "./smoothed-loss.js";

test("is the mean of what came so far, and then of the last few", () => {
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
