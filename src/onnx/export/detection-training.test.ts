import { expect, test } from "vitest";
import { exported } from "../../../test/onnx/exported.js";

const input = (name: string, ...shape: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((size) => `dim: ${size}`).join(" ")} } } }\n`;
const net =
  input("data", 1, 8) +
  input("priors", 1, 2, 8) +
  input("truth", 1, 1, 1, 8) +
  `layer { name: "loc" type: "InnerProduct" bottom: "data" top: "loc" inner_product_param { num_output: 8 } }
   layer { name: "conf" type: "InnerProduct" bottom: "data" top: "conf" inner_product_param { num_output: 4 } }
   layer { name: "loss" type: "MultiBoxLoss" bottom: "loc" bottom: "conf" bottom: "priors" bottom: "truth" top: "loss"
     multibox_loss_param { num_classes: 2 } }\n`;

test("a loss is left out, and said", async () => {
  const cut = "loss";
  const whole = await exported(
    `${net}layer { name: "loc2" type: "ReLU" bottom: "loc" top: "loc2" }
     layer { name: "conf2" type: "ReLU" bottom: "conf" top: "conf2" }`,
  );
  expect(whole.exported.notes).toContainEqual({
    layer: "loss",
    type: "MultiBoxLoss",
    text: expect.stringMatching(/left out/),
  });
  expect(Object.keys(whole.exported.outputs).sort()).toEqual(["conf2", "loc2"]);
  expect(Object.keys((await exported(net, undefined, { cut })).exported.outputs).sort()).toEqual(["conf", "loc"]);
});

test("what other layers read cannot be left out", async () => {
  const read = `${net}layer { name: "y" type: "Power" bottom: "loss" top: "y" }\n`;
  await expect(exported(read)).rejects.toThrow(/layer "y" \(Power\).*it reads "loss", which is left out/);
});
