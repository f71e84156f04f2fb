import { expect, test } from "vitest";
import { layerNet } from "../../test/layers.js";

async function warningsOf(layer: string): Promise<string[]> {
  const lines: string[] = [];
  const log = (level: string, _: string, text: string) => void (level === "warning" && lines.push(text));
  await (await layerNet(layer, { x: [2, 3, 4, 4] }, { log })).dispose();
  return lines;
}

const layer = (type: string, fields: string) =>
  `layer { name: "layer" type: "${type}" bottom: "x" top: "y" ${fields} }`;

test("the log names fields of forks that a layer does not compute, with their place", async () => {
  const [line, ...others] = await warningsOf(
    layer("Concat", "concat_param { input_zero_point: 3 engine: CAFFE } debug: true"),
  );
  expect(line).toMatch(
    /^<text>:3:1: layer "layer" \(Concat\): ignored, .* does not compute: concat_param.input_zero_point$/,
  );
  expect(others).toEqual([
    expect.stringMatching(/only tune: (concat_param.engine, debug|debug, concat_param.engine)$/),
  ]);
});

test("fields in messages inside are found", async () => {
  const filler = 'inner_product_param { num_output: 2 weight_filler { type: "xavier" diag_val: 2 } }';
  expect(await warningsOf(layer("InnerProduct", filler))).toEqual([
    expect.stringMatching(/does not compute: inner_product_param.weight_filler.diag_val$/),
  ]);
});

test("nothing is said of defaults, of what a layer computes, or of other layers' messages", async () => {
  expect(await warningsOf(layer("Pooling", "pooling_param { kernel_size: 2 ceil_mode: false pad_type: 0 }"))).toEqual(
    [],
  );
  expect(await warningsOf(layer("ReLU", "interp_param { zoom_factor: 2 }"))).toEqual([]);
});

test.each([
  ["ReLU", "relu_param { relu6: true }"],
  ["BatchNorm", "batch_norm_param { scale_bias: true scale_filler { value: 2 } bias_filler { value: 1 } }"],
  ["BatchNorm", "batch_norm_param { use_weight_bias: true bias_term: false filler { value: 2 } }"],
  ["BatchNorm", "batch_norm_param { icnet: true }"],
])("of %s nothing is said, which computes %s", async (type, fields) => {
  expect(await warningsOf(layer(type, fields))).toEqual([]);
});
