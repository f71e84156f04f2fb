import { expect, test } from "vitest";
import { MokaError } from "../../../util/errors.js";
import type { Cause } from "../cause.js";
import type { Subject } from "../subject.js";
import { attempt, isSettled, type State } from "./state.js";

test("an experiment whose net does not run is told among what was tried; any other error goes on", async () => {
  const tried: string[] = [];
  const subject = { tried } as unknown as Subject;
  expect(await attempt(subject, "the net with more", Promise.resolve(3))).toBe(3);
  expect(tried).toEqual([]);
  const refused = Promise.reject(new MokaError("MOKA_SHAPE", "a batch of 1 × 2"));
  expect(await attempt(subject, "the net with more", refused)).toBeUndefined();
  expect(tried).toEqual(["the net with more: the net does not run so: a batch of 1 × 2"]);
  await expect(attempt(subject, "x", Promise.reject(new TypeError("a fault")))).rejects.toThrow("a fault");
});

test("averages are settled if something explains them, and those that are off are so by little", () => {
  const cause = {} as Cause;
  const state = (causes: readonly Cause[], ...fits: readonly (readonly [divergence: number, isOff: boolean])[]) =>
    ({ causes, fits: fits.map(([divergence, isOff]) => ({ divergence, isOff })) }) as unknown as State;
  expect(isSettled(state([cause], [0.001, false], [0.09, true]))).toBe(true);
  expect(isSettled(state([cause], [0.3, true]))).toBe(false);
  expect(isSettled(state([], [0.001, false]))).toBe(false);
});
