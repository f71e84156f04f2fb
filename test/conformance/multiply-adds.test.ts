import { expect, test } from "vitest";
import type { Shape } from "../../src/util/shape.js";
import { layerNet } from "../layers.js";

/** The multiply-adds of a layer of this type, with these fields, on bottoms of these shapes. */
async function count(type: string, fields: string, bottoms: readonly Shape[], tops = 1): Promise<number> {
  const inputs = Object.fromEntries(bottoms.map((shape, i) => [`x${i}`, shape]));
  const names = [...Object.keys(inputs).map((name) => `bottom: "${name}"`)];
  for (let i = 0; i < tops; i++) names.push(`top: "y${i}"`);
  const net = await layerNet(`layer { name: "layer" type: "${type}" ${names.join(" ")} ${fields} }`, inputs);
  const found = net.layers.find(({ name }) => name === "layer")?.multiplyAdds(bottoms) ?? -1;
  await net.dispose();
  return found;
}

test("a convolution: for each output the weights of its group", async () => {
  expect(await count("Convolution", "convolution_param { num_output: 5 kernel_size: 3 }", [[2, 3, 8, 8]])).toBe(
    2 * 5 * 36 * 27,
  );
  const depthwise = "convolution_param { num_output: 4 group: 4 kernel_size: 3 pad: 1 bias_term: false }";
  expect(await count("Convolution", depthwise, [[1, 4, 8, 8]])).toBe(4 * 64 * 9);
  const twice = [
    [1, 3, 4, 4, 4],
    [1, 3, 4, 4, 4],
  ];
  expect(await count("Convolution", "convolution_param { num_output: 2 kernel_size: 1 }", twice, 2)).toBe(2 * 128 * 3);
});

test("a deconvolution: for each input the outputs it goes into", async () => {
  const fields = "convolution_param { num_output: 6 kernel_size: 2 stride: 2 }";
  expect(await count("Deconvolution", fields, [[2, 3, 4, 4]])).toBe(2 * 3 * 16 * 24);
});

test("an inner product: a matrix for each row, transposed or not", async () => {
  expect(await count("InnerProduct", "inner_product_param { num_output: 5 }", [[4, 3, 2]])).toBe(4 * 30);
  const transposed = "inner_product_param { num_output: 5 axis: 2 transpose: true bias_term: false }";
  expect(await count("InnerProduct", transposed, [[4, 7, 6]])).toBe(28 * 30);
});

test("recurrent layers: each matrix once a step and stream, the one of a static input once a stream", async () => {
  const fields = "recurrent_param { num_output: 2 }";
  const [steps, streams] = [5, 3];
  const x = [steps, streams, 4];
  const cont = [steps, streams];
  expect(await count("LSTM", fields, [x, cont])).toBe(15 * (32 + 16));
  expect(await count("LSTM", fields, [x, cont, [3, 6]])).toBe(15 * (32 + 16) + 3 * 48);
  const exposed = "recurrent_param { num_output: 2 expose_hidden: true }";
  expect(await count("RNN", exposed, [x, cont, [1, 3, 2]], 2)).toBe(15 * (8 + 4 + 4));
});

test("elementwise layers count none", async () => {
  for (const type of ["ReLU", "Scale", "BatchNorm", "Softmax"]) expect(await count(type, "", [[2, 3]])).toBe(0);
  expect(await count("Embed", "embed_param { input_dim: 3 num_output: 4 }", [[2]])).toBe(0);
});
