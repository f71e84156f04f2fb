import { expect, test } from "vitest";
import { exportError, exported, runOnnx } from "../../../test/onnx/exported.js";

const input = (shape: readonly number[], name = "data") =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((size) => `dim: ${size}`).join(" ")} } } }\n`;
const fc = (bottom: string, top: string, more = "") =>
  `layer { name: "${top}" type: "InnerProduct" bottom: "${bottom}" top: "${top}" ` +
  `inner_product_param { num_output: 3 ${more} weight_filler { type: "xavier" } } }\n`;
const relu = (name: string, bottom: string, top = bottom) =>
  `layer { name: "${name}" type: "ReLU" bottom: "${bottom}" top: "${top}" }\n`;

test("inputs, outputs, layers and blobs keep their names", async () => {
  const { exported: net, named } = await exported(
    input([2, 4]) + fc("data", "fc") + relu("relu", "fc") + fc("fc", "out"),
  );
  expect(net.inputs).toEqual({ data: ["N", 4] });
  expect(net.outputs).toEqual({ out: ["N", 3] });
  expect(net.model.graph?.node.map(({ name, output }) => [name, ...output])).toEqual([
    ["fc", "fc@fc"],
    ["relu", "fc"],
    ["out", "out"],
  ]);
  expect(named).toEqual([{ blob: "fc", name: "fc@fc", layer: "fc" }]);
  expect(net.model).toMatchObject({ irVersion: 7n, producerName: "Moka", opsetImport: [{ domain: "", version: 13n }] });
});

test.each([11, 13, 18, 22])("a net in opset %d runs with batches of any size", async (opset) => {
  const text = input([2, 4]) + fc("data", "fc") + relu("relu", "fc") + fc("fc", "a") + fc("fc", "b");
  expect(await exportError(text, { opset, more: [{ data: [5, 4] }] })).toBeLessThan(1e-6);
});

test("the batch is fixed where it is asked for, and where a layer takes no other", async () => {
  const text = input([2, 4]) + fc("data", "fc");
  expect((await exported(text, undefined, { batch: 7 })).exported).toMatchObject({
    inputs: { data: [7, 4] },
    batch: { dynamic: false, size: 7, reason: undefined },
  });
  const whole = input([2, 4]) + fc("data", "fc", "axis: 0");
  expect((await exported(whole)).exported.batch).toEqual({
    dynamic: false,
    size: 2,
    reason: expect.stringMatching(/layer "fc" \(InnerProduct\): its bottom .* needs parameter 0/),
  });
  await expect(exported(whole, undefined, { batch: "dynamic" })).rejects.toThrow(
    /^a batch of any size is not possible: .*layer "fc"/,
  );
});

test("a blob that is an output, but another's value, is copied", async () => {
  const drop = `layer { name: "drop" type: "Dropout" bottom: "fc" top: "drop" }\n`;
  const text = input([1, 4]) + fc("data", "fc") + drop;
  const { bytes, exported: net } = await exported(text);
  expect(net.model.graph?.node.map(({ opType }) => opType)).toEqual(["Gemm", "Identity"]);
  const data = { shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) };
  expect(Object.keys(await runOnnx(bytes, { data }))).toEqual(["drop"]);
});

test("an input that nothing reads is left out, and said", async () => {
  const { exported: net } = await exported(input([1, 4]) + input([1], "label") + fc("data", "fc"));
  expect(Object.keys(net.inputs)).toEqual(["data"]);
  expect(net.notes).toEqual([
    { layer: "label", type: "Input", text: 'input "label" is left out: nothing that is exported reads it' },
  ]);
});

test("a net may end before a layer", async () => {
  const text = input([1, 4]) + fc("data", "fc") + relu("relu", "fc", "y") + fc("y", "out");
  const { exported: net } = await exported(text, undefined, { cut: "relu" });
  expect(net.outputs).toEqual({ fc: ["N", 3] });
  await expect(exported(text, undefined, { cut: "relus" })).rejects.toThrow(
    /the net has no layer "relus" in phase TEST/,
  );
});

test.each([10, 23, 13.5])("opset %d is refused", async (opset) => {
  await expect(exported(input([1, 4]) + fc("data", "fc"), undefined, { opset })).rejects.toThrow(
    `opset must be a whole number from 11 to 22, not ${opset}`,
  );
});

test("all layers that ONNX cannot say are named at once", async () => {
  const filter = (name: string, top: string) =>
    `layer { name: "${name}" type: "Filter" bottom: "data" bottom: "data" top: "${top}" }\n`;
  await expect(exported(input([2, 1]) + filter("f", "a") + filter("g", "b"))).rejects.toThrow(
    /^2 layers cannot be written as ONNX:\n .*layer "f" \(Filter\).*\n .*layer "g" \(Filter\)/,
  );
});

test("layers behind a refused one are not named", async () => {
  const filter = `layer { name: "f" type: "Filter" bottom: "data" bottom: "data" top: "a" }\n`;
  const text = input([2, 1]) + filter + fc("a", "fc") + relu("relu", "fc", "y");
  await expect(exported(text)).rejects.toThrow(/^\S* ?layer "f" \(Filter\): it cannot be written as ONNX/);
});

test("layers of other phases are not exported, and data layers become inputs", async () => {
  const text =
    `layer { name: "train" type: "Data" top: "data" include { phase: TRAIN } data_param { source: "none" batch_size: 1 } }\n` +
    `layer { name: "test" type: "Data" top: "data" include { phase: TEST } data_param { source: "none" batch_size: 1 } }\n` +
    fc("data", "fc");
  const { exported: net } = await exported(text, undefined, { shapes: { data: [1, 3, 2, 2] } });
  expect(net.inputs).toEqual({ data: ["N", 3, 2, 2] });
  await expect(exported(text)).rejects.toThrow(/the shape of "data" is not known: give it/);
});
