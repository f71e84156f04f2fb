import { expect, test } from "vitest";
import type { Scored } from "./lab.js";
import { isAtChance, isPoor, Judge, skill } from "./scores.js";

const scored = (outputs: Record<string, number>, loss?: number, count?: number): Scored => ({
  scores: { outputs, ...(loss !== undefined && { loss }) },
  predictions: count === undefined ? undefined : predicted(0.5, 0.1, count),
});
const predicted = (accuracy: number, chance: number, count = 1000) => ({
  classes: 10,
  count,
  table: new Float64Array(100),
  accuracy,
  chance,
});
const judge = new Judge(new Set(["acc"]));

test.each([
  ["a loss higher by less than a tenth", scored({}, 1.08), scored({}, 1), false],
  ["a loss higher by more", scored({}, 1.2), scored({}, 1), true],
  ["a loss higher by 0.009 beside 0", scored({}, 0.009), scored({}, 0), false],
  ["a loss that is no number", scored({}, Number.NaN), scored({}, 1), true],
  ["a lower loss", scored({}, 0.5), scored({}, 1), false],
])("%s", (_, these, those, isWorse) => {
  expect(new Judge(new Set()).isWorse(these, those)).toBe(isWorse);
});

test("an accuracy is worse from a point less on, and by more than chance makes of so many images", () => {
  expect(judge.isWorse(scored({ acc: 0.895 }), scored({ acc: 0.9 }))).toBe(false);
  expect(judge.isWorse(scored({ acc: 0.88 }), scored({ acc: 0.9 }))).toBe(true);
  // 1.5 standard errors of 0.9 over 100 images are 0.045.
  expect(judge.isWorse(scored({ acc: 0.87 }), scored({ acc: 0.9 }, undefined, 100))).toBe(false);
  expect(judge.isWorse(scored({ acc: 0.85 }), scored({ acc: 0.9 }, undefined, 100))).toBe(true);
  expect(judge.isWorse(scored({ acc: Number.NaN }), scored({ acc: 0.9 }))).toBe(true);
});

test("an accuracy that falls counts though the loss does not rise; without either nothing is known", () => {
  expect(judge.isWorse(scored({ acc: 0.5 }, 1), scored({ acc: 0.9 }, 1))).toBe(true);
  expect(new Judge(new Set()).isWorse(scored({ y: 1 }), scored({ y: 2 }))).toBeUndefined();
});

test("the outputs in words", () => {
  expect(judge.text({ outputs: { acc: 0.91666, loss: 2 } })).toBe("acc 0.9167, loss 2");
});

test("skill is the share of the way from guessing to no error", () => {
  const of = (accuracy: number, chance: number) => ({ ...scored({}), predictions: predicted(accuracy, chance) });
  expect(skill(of(0.55, 0.1))).toBeCloseTo(0.5);
  expect([isPoor(of(0.56, 0.1)), isPoor(of(0.54, 0.1))]).toEqual([false, true]);
  expect([isAtChance(of(0.15, 0.1)), isAtChance(of(0.3, 0.1))]).toEqual([true, false]);
  // Labels that are all the same tell nothing, nor does a net that does not classify.
  expect([skill(of(1, 1)), isPoor(scored({})), isAtChance(scored({}))]).toEqual([undefined, undefined, undefined]);
});
