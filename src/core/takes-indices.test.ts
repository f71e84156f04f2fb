import { expect, test } from "vitest";
import { netFromText } from "../../test/nets.js";
import { takesIndices } from "./takes-indices.js";

test("labels are indices, also behind a Split; images and the targets of a regression are not", async () => {
  const net = await netFromText(
    `layer { name: "in" type: "Input" top: "x" top: "label" top: "once" top: "t" input_param {
       shape { dim: 2 dim: 3 } shape { dim: 2 } shape { dim: 2 } shape { dim: 2 dim: 4 } } }
     layer { name: "f" type: "InnerProduct" bottom: "x" top: "f" inner_product_param { num_output: 4 } }
     layer { name: "loss" type: "SoftmaxWithLoss" bottom: "f" bottom: "label" top: "loss" }
     layer { name: "accuracy" type: "Accuracy" bottom: "f" bottom: "label" top: "accuracy" }
     layer { name: "hinge" type: "HingeLoss" bottom: "f" bottom: "once" top: "hinge" }
     layer { name: "far" type: "EuclideanLoss" bottom: "f" bottom: "t" top: "far" }`,
    { phase: "TRAIN" },
  );
  expect(net.inputs.filter((name) => takesIndices(net, name))).toEqual(["label", "once"]);
  await net.dispose();
});
