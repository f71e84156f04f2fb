import { expect, test } from "vitest";
import { operatorsOf, testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "Dropout" dropout_param { dropout_ratio: 0.9 }`, [[2, 3]], { error: 0 });

test("nothing is written between the layers around it", async () => {
  const layer = `type: "AbsVal" top: "a" } layer { name: "drop" type: "Dropout" bottom: "a" top: "a" }
    layer { name: "exp" type: "Exp" bottom: "a" top: "y"`;
  expect(await operatorsOf(layer, [[2, 3]])).toEqual(["Abs", "Exp"]);
});
