import { expect, test } from "vitest";
import { bvlcTypes } from "../../../test/bvlc-types.js";
import { layers } from "../../layers/registry.js";
import { targetNamed, targets } from "./index.js";

test("every target's types are layers of Moka's, and there is an Input", () => {
  const types = layers.map(({ type }) => type);
  for (const { name, has } of targets) {
    expect(has("Input"), name).toBe(true);
    expect(has("Quantum"), name).toBe(false);
    expect(types.filter(has).length, name).toBeGreaterThan(14);
  }
});

test("bvlc has none but BVLC's types", () => {
  const { has } = targetNamed("bvlc");
  const types = layers.map(({ type }): string => type).filter(has);
  expect(types.filter((type) => !bvlcTypes.includes(type))).toEqual([]);
  expect(types.length).toBeGreaterThan(35);
});

test("an unknown target is a wrong call", () => {
  expect(() => targetNamed("tensorrt")).toThrow(
    'there is no target "tensorrt"; there are moka, bvlc, ssd, nnie, rknn, sigmastar, ascend, nvdla',
  );
});
