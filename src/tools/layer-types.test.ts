import { expect, test } from "vitest";
import { bvlcTypes } from "../../test/bvlc-types.js";
import { layerTypes } from "./layer-types.js";

test("all layers of BVLC Caffe but Python, which is the caller's own, each once and sorted", () => {
  const types = layerTypes();
  expect(types).toEqual([...new Set(types)].sort());
  expect(types).toEqual(expect.arrayContaining(["Convolution", "LSTM", "Accuracy"]));
  for (const type of bvlcTypes) if (type !== "Python") expect(types).toContain(type);
});
