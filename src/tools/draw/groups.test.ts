import { expect, test } from "vitest";
import { forkTypes } from "../../layers/registry.js";
import { layerGroup } from "./groups.js";

test.each([
  ["Convolution", "vision"],
  ["ReLU", "activation"],
  ["Concat", "other"],
  // Known to nobody.
  ["MyLoss", "loss"],
  ["Quantum", "other"],
])("%s is drawn as %s", (type, group) => void expect(layerGroup(type)).toBe(group));

test("types of forks that are not here are drawn in their group, or by their name", () => {
  expect(forkTypes.size).toBeGreaterThan(0);
  for (const [type, { group = /loss/i.test(type) ? "loss" : "other" }] of forkTypes)
    expect(layerGroup(type)).toBe(group);
});
