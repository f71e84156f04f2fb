import { expect, test } from "vitest";
import { batchInputs } from "./batch-inputs.js";

test("inputs have a row for each item where their first axis is as large as the first input's", () => {
  expect(
    batchInputs([
      ["data", [4, 3, 8, 8]],
      ["label", [4]],
      ["scale", []],
      ["rois", [9, 5]],
      ["unknown", undefined],
    ]),
  ).toEqual(["data", "label"]);
  expect(batchInputs([])).toEqual([]);
  expect(
    batchInputs([
      ["scalar", []],
      ["other", []],
    ]),
  ).toEqual([]);
});
