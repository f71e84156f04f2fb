import { summarize } from "moka-caffe";
import { expect, test } from "vitest";
import { costOf, folded, modelOf, shapeText, short } from "./model.js";

const conv = (name: string, bottom: string) => `
layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }
layer { name: "${name}_bn" type: "BatchNorm" bottom: "${name}" top: "${name}" }
layer { name: "${name}_scale" type: "Scale" bottom: "${name}" top: "${name}" }
layer { name: "${name}_relu" type: "ReLU" bottom: "${name}" top: "${name}" }`;
const residual = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 4 dim: 8 dim: 8 } } }
${conv("stem", "data")}${conv("a", "stem")}${conv("b", "a")}
layer { name: "sum" type: "Eltwise" bottom: "b" bottom: "stem" top: "sum" }
layer { name: "sum_relu" type: "ReLU" bottom: "sum" top: "sum" }
${conv("left", "sum")}${conv("right", "sum")}
layer { name: "cat" type: "Concat" bottom: "left" bottom: "right" top: "cat" }
layer { name: "pool" type: "Pooling" bottom: "cat" top: "pool" pooling_param { global_pooling: true } }`;
const model = modelOf(await summarize(residual, { peaks: false }));

test("layers that follow each other stand in one box; edges have shapes without the batch", () => {
  expect(model.boxes.map(({ layers }) => layers.map(({ name }) => name).join(" "))).toEqual([
    "data",
    "stem stem_bn stem_scale stem_relu",
    "a a_bn a_scale a_relu",
    "b b_bn b_scale b_relu",
    "sum sum_relu",
    "left left_bn left_scale left_relu",
    "right right_bn right_scale right_relu",
    "cat",
    "pool",
  ]);
  const edges = model.edges.map(({ from, to, shape }) => `${from.split("#")[0]}→${to.split("#")[0]} ${shape}`);
  expect(edges).toContain("stem→sum 4×8×8");
  expect(edges).toContain("cat→pool 8×8×8");
  expect(edges).toHaveLength(10);
});

test("residual and inception modules are found, and folded to one box", () => {
  expect(model.modules.map(({ kind, boxes }) => [kind, boxes.length])).toEqual([
    ["residual", 3],
    ["inception", 3],
  ]);
  const closed = folded(model, new Set(model.modules.map(({ id }) => id)));
  expect(closed.boxes).toHaveLength(5);
  expect(closed.edges).toHaveLength(4);
  expect(closed.boxes[2]?.layers).toHaveLength(10);
});

test("numbers and costs", () => {
  expect(shapeText([2, 3, 4])).toBe("3×4");
  expect([short(0), short(12), short(1234), short(2.5e9)]).toEqual(["0", "12", "1.23 k", "2.50 G"]);
  expect(costOf(model.boxes[1]?.layers ?? [], "parameters", new Map())).toBe(4 * 4 * 9 + 4 + 9 + 4);
  expect(costOf(model.boxes[1]?.layers ?? [], "time", new Map([["stem", 2]]))).toBe(2);
});
