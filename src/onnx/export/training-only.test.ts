import { expect, test } from "vitest";
import { exported } from "../../../test/onnx/exported.js";
import { oneLayer } from "../../../test/onnx/one-layer.js";

const abs = (name: string, bottom: string) =>
  `layer { name: "${name}" type: "AbsVal" bottom: "${bottom}" top: "${name}" }\n`;
const inputs = oneLayer(`type: "AbsVal" top: "f"`, [2, 3], [2, 3]).replace('bottom: "x1" ', "");

test("what a loss compares becomes an output; inputs and the loss do not", async () => {
  const { exported: net } = await exported(
    `${inputs}\nlayer { name: "loss" type: "EuclideanLoss" bottom: "f" bottom: "x1" top: "loss" }`,
  );
  expect(net.outputs).toEqual({ f: ["N", 3] });
  expect(Object.keys(net.inputs)).toEqual(["x0"]);
  expect(net.notes.map(({ layer }) => layer)).toEqual(["loss", "x1"]);
});

test("labels do not become outputs, however they are made", async () => {
  const { exported: net } = await exported(
    `${inputs}\n${abs("label", "x1")}
     layer { name: "slice" type: "Slice" bottom: "label" top: "l0" top: "l1" top: "l2" slice_param { axis: 1 } }
     layer { name: "r" type: "Reshape" bottom: "l0" top: "r" reshape_param { shape { dim: -1 } } }
     layer { name: "loss" type: "HingeLoss" bottom: "f" bottom: "r" top: "loss" }
     layer { name: "silence" type: "Silence" bottom: "l1" bottom: "l2" }`,
  );
  expect(Object.keys(net.outputs)).toEqual(["f"]);
});

test("an accuracy leaves the scores an output, once, by the name of their blob", async () => {
  const { exported: net } = await exported(
    `${inputs}
     layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }
     layer { name: "top1" type: "Accuracy" bottom: "f" bottom: "label" top: "top1" }
     layer { name: "top2" type: "Accuracy" bottom: "f" bottom: "label" top: "top2" accuracy_param { top_k: 2 } }`,
  );
  expect(net.outputs).toEqual({ f: ["N", 3] });
});

test("a layer that reads a loss is named", async () => {
  await expect(
    exported(
      `${inputs}\nlayer { name: "loss" type: "EuclideanLoss" bottom: "f" bottom: "x1" top: "loss" }\n${abs("more", "loss")}`,
    ),
  ).rejects.toThrow(`layer "more" (AbsVal): it reads "loss", which is left out of the exported net`);
});

test("a net that only a loss reads has nothing to export", async () => {
  await expect(exported(oneLayer(`type: "EuclideanLoss"`, [2, 3], [2, 3]))).rejects.toThrow(
    "has no outputs that ONNX could compute",
  );
});
