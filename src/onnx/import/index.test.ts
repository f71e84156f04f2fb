import { expect, test } from "vitest";
import { floats, ints, modelOf, type NodeSpec, node, refused, same } from "../../../test/onnx/nodes.js";
import { importOnnx } from "../../api/import-onnx.js";

const inputs = { x: [2, 3, 4, 5] };
const relu = (from: string, to: string): NodeSpec => ({ op: "Relu", inputs: [from], outputs: [to] });

test("layers work in place where nothing else reads their bottom, and outputs keep their names", async () => {
  const nodes = [
    { op: "MaxPool", inputs: ["x"], outputs: ["a"], attributes: { kernel_shape: [2, 2] } },
    relu("a", "b"),
    { op: "Sigmoid", inputs: ["b"] },
  ];
  const { net, names } = await importOnnx(modelOf({ inputs, nodes }));
  expect(net.layer.map(({ name, bottom, top }) => [name, ...bottom, ...top])).toEqual([
    ["x", "x"],
    ["node0", "x", "y"],
    ["node1", "y", "y"],
    ["node2", "y", "y"],
  ]);
  expect(names).toEqual({ x: "x", y: "y" });
});

test("a value that others read, an input and a shared memory are not overwritten", async () => {
  const nodes = [
    relu("x", "a"),
    { op: "Neg", inputs: ["a"], outputs: ["b"] },
    { op: "Reshape", inputs: ["a", "s"], outputs: ["c"] },
    relu("c", "d"),
    { op: "Exp", inputs: ["d"], outputs: ["e"] },
  ];
  const outputs = ["a", "b", "e"];
  await same({ inputs, constants: { s: ints([6, 20]) }, nodes, outputs });
  const { net, notes } = await importOnnx(modelOf({ inputs, constants: { s: ints([6, 20]) }, nodes, outputs }));
  expect(net.layer.map(({ top }) => top.join())).toEqual(["x", "a/value", "b", "c", "e", "e", "a"]);
  expect(notes).toEqual(['output "a" is read in the net too, or has two names: a layer Split makes it an output']);
});

test("one value under two names, an input as an output, and a constant one", async () => {
  const nodes = [
    relu("x", "a"),
    { op: "Identity", inputs: ["a"], outputs: ["b"] },
    { op: "Identity", inputs: ["x"], outputs: ["c"] },
  ];
  await same({ inputs, nodes, outputs: ["a", "b", "c"] });
  const fixed = [relu("x", "a"), { op: "Add", inputs: ["k", "k"], outputs: ["b"] }];
  await same({ inputs, constants: { k: floats([2]) }, nodes: fixed, outputs: ["a", "b"] });
});

test("what Identity passes on is read by all who read what it gets", async () => {
  const nodes = [
    { op: "MaxPool", inputs: ["x"], outputs: ["a"], attributes: { kernel_shape: [2, 2] } },
    { op: "Identity", inputs: ["a"], outputs: ["b"] },
    relu("b", "c"),
    { op: "Neg", inputs: ["a"], outputs: ["d"] },
    { op: "Conv", inputs: ["x", "w"], outputs: ["e"], attributes: { pads: [0, 0, 0, 1], strides: [2, 2] } },
    { op: "Abs", inputs: ["e"], outputs: ["f"] },
    relu("e", "g"),
  ];
  const outputs = ["c", "d", "f", "g"];
  await same({ inputs, constants: { w: floats([2, 3, 2, 1]) }, nodes, outputs });
});

test("names that are empty or taken are made unique", async () => {
  const bytes = modelOf({
    inputs,
    nodes: [
      { op: "HardSwish", inputs: ["x"], outputs: ["y/gate"] },
      { op: "HardSwish", inputs: ["y/gate"] },
    ],
    opset: 14,
  });
  const { net } = await importOnnx(bytes, { target: "bvlc" });
  const tops = net.layer.flatMap(({ top, bottom }) => top.filter((name) => !bottom.includes(name)));
  expect(new Set(tops).size).toBe(tops.length);
  expect(new Set(net.layer.map(({ name }) => name)).size).toBe(net.layer.length);
});

test("nodes that no output needs are left out, unknown ones too", async () => {
  const nodes = [relu("x", "y"), { op: "NonZero", inputs: ["x"], outputs: ["z"] }];
  expect((await importOnnx(modelOf({ inputs, nodes }))).net.layer.length).toBe(2);
});

test("every node that cannot be imported is named, and what depends on it is not", async () => {
  const nodes = [
    { op: "NonZero", inputs: ["x"], outputs: ["a"] },
    relu("a", "b"),
    { op: "Fast", inputs: ["x"], outputs: ["c"], domain: "custom" },
    { op: "Where", inputs: ["x", "x", "x"], outputs: ["d"] },
    { op: "Sum", inputs: ["b", "c", "d"] },
  ];
  const error = refused({ inputs, nodes });
  await expect(error).rejects.toMatchObject({ code: "MOKA_UNSUPPORTED" });
  await expect(error).rejects.toThrow(
    "the model: 3 nodes cannot be imported:\n" +
      '  node 0 "node0" (NonZero) of "x": the operator has no mapping to Caffe\'s layers; cut the model before it (onnx.utils.extract_model), and do the rest outside of the net\n' +
      '  node 2 "node2" (Fast) of "x": an operator of "custom", not a standard one; replace it',
  );
  await expect(error).rejects.toThrow(
    'node 3 "node3" (Where) of "x", "x", "x": the operator is computed for constants only',
  );
});

test("open sizes: the batch is 1, others must be given, and given ones must fit", async () => {
  const open = { inputs: { x: ["n", 3, "h"] }, nodes: [node("Relu")] };
  await expect(refused(open)).rejects.toThrow(
    'input "x": the size of axis 2 ("h") is open; give its shape: x=1,3,224,224',
  );
  const { text, notes } = await importOnnx(modelOf(open), { shapes: { x: [4, 3, 7] } });
  expect([notes, text.match(/dim: \d+/g)]).toEqual([[], ["dim: 4", "dim: 3", "dim: 7"]]);
  await expect(refused(open, { shapes: { x: [4, 2, 7] } })).rejects.toThrow(
    'input "x" is n × 3 × h; the shape 4 × 2 × 7 does not fit',
  );
  await expect(refused(open, { shapes: { z: [1] } })).rejects.toThrow('the model has no input "z"; its inputs are "x"');
  const batch = await importOnnx(modelOf({ inputs: { x: ["n", 3] }, nodes: [node("Relu")] }));
  expect(batch.notes).toEqual([
    'input "x": its batch ("n") is open, and taken as 1; give its shape: x=1,3,224,224 (--shape, or shapes)',
  ]);
});

test("graphs that are none", async () => {
  await expect(refused({ inputs, nodes: [relu("a", "y"), relu("x", "a")] })).rejects.toThrow(
    'node 0 "node0" (Relu) of "a": nothing before it makes "a"',
  );
  await expect(refused({ inputs, nodes: [relu("x", "y"), relu("x", "y")] })).rejects.toThrow('"y" is made twice');
  await expect(refused({ inputs, nodes: [relu("x", "a")] })).rejects.toThrow('output "y" is made by no node');
});

test("a plain network needs few layers: NVDLA's are enough", async () => {
  const nodes: NodeSpec[] = [
    { op: "Conv", inputs: ["x", "w"], outputs: ["a"], attributes: { pads: [1, 1, 1, 1] } },
    { op: "BatchNormalization", inputs: ["a", "g", "g", "g", "v"], outputs: ["b"] },
    relu("b", "c"),
    { op: "MaxPool", inputs: ["c"], outputs: ["d"], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
    { op: "Clip", inputs: ["d", "low", "high"], outputs: ["e"] },
    { op: "GlobalAveragePool", inputs: ["e"], outputs: ["f"] },
    { op: "Flatten", inputs: ["f"], outputs: ["h"] },
    { op: "Gemm", inputs: ["h", "k"], outputs: ["i"] },
    { op: "Softmax", inputs: ["i"], attributes: { axis: 1 } },
  ];
  const constants = {
    w: floats([4, 3, 3, 3]),
    g: floats([4]),
    v: floats([4], [1, 2, 3, 4]),
    k: floats([4, 5]),
    low: floats([], [0]),
    high: floats([], [6]),
  };
  const { nvdla } = await same({ inputs: { x: [2, 3, 8, 8] }, constants, nodes, targets: ["nvdla"], tolerance: 1e-5 });
  expect(nvdla).toBe(
    "Convolution BatchNorm Scale ReLU Pooling ReLU Power Power Eltwise Power Pooling Flatten InnerProduct Softmax",
  );
});

test("numbers that no Caffe file can hold are refused", async () => {
  const check = {
    inputs: { x: [1, 1, 4] },
    constants: { w: floats([1, 1, 1]) },
    nodes: [{ op: "Conv", inputs: ["x", "w"], attributes: { pads: [2 ** 32, 2 ** 32] } }],
  };
  await expect(refused(check)).rejects.toThrow(
    'node 0 "node0" (Conv) of "x", "w": 4294967296 of its window are not one size for each of 1 axes',
  );
  const float = {
    inputs: { x: [3, 4] },
    constants: { i: floats([1], [0.5]) },
    nodes: [{ op: "Gather", inputs: ["x", "i"] }],
  };
  await expect(refused(float)).rejects.toThrow("its indices are not whole numbers");
});
