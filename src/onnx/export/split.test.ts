import { expect, test } from "vitest";
import { operatorsOf, testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "Split" top: "a" top: "b"`, [[2, 3]], { error: 0 });

test("the readers of its tops read its bottom", async () => {
  const layer = `type: "AbsVal" top: "x" } layer { name: "split" type: "Split" bottom: "x" top: "a" top: "b" }
    layer { name: "exp" type: "Exp" bottom: "a" top: "c" } layer { name: "y" type: "Eltwise" bottom: "b" bottom: "c" top: "y"`;
  expect(await operatorsOf(layer, [[2, 3]])).toEqual(["Abs", "Exp", "Add"]);
});
