import { expect, test } from "vitest";
import { type Cause, type CauseKind, verdictOf } from "./cause.js";

const cause = (kind: CauseKind, shown: boolean): Cause => ({
  kind,
  shown,
  title: kind,
  layers: [],
  evidence: [],
  against: [],
  remedy: "",
});

test.each([
  [[], false, "well"],
  [[], true, "cannot-tell"],
  [[cause("stale", true)], false, "batch-norm"],
  [[cause("stale", false)], false, "batch-norm"],
  [[cause("labels", false), cause("overfitting", false)], false, "elsewhere"],
  [[cause("input", true)], true, "elsewhere"],
  [[cause("stale", false), cause("structure", false)], false, "cannot-tell"],
  [[cause("stale", false), cause("structure", true)], false, "elsewhere"],
  [[cause("labels", false), cause("eps", true)], false, "batch-norm"],
])("%j is the verdict of causes of these kinds", (causes, isUnknown, verdict) => {
  expect(verdictOf(causes, isUnknown).verdict).toBe(verdict);
});

test("causes that are shown come first, in their order", () => {
  const causes = [cause("stale", false), cause("input", true), cause("labels", false), cause("eps", true)];
  expect(verdictOf(causes).causes.map(({ kind }) => kind)).toEqual(["input", "eps", "stale", "labels"]);
});
