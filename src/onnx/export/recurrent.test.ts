import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const input = (name: string, ...shape: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((size) => `dim: ${size}`).join(" ")} } } }\n`;
const layer = (type: string, bottoms: readonly string[], tops: readonly string[], more = "") =>
  `layer { name: "r" type: "${type}" ${bottoms.map((name) => `bottom: "${name}"`).join(" ")} ${tops
    .map((name) => `top: "${name}"`)
    .join(" ")} recurrent_param { num_output: 3 weight_filler { type: "uniform" min: -1 max: 1 }
    bias_filler { type: "uniform" min: -1 max: 1 } ${more} } }\n`;
/** Streams begin in the first step, and some in others. */
const draw = (i: number, name: string) => (name === "cont" ? Number(i > 1 && i % 3 > 0) : Math.sin(i * 12.9898) * 1.7);

const types = ["LSTM", "RNN"];
const opsets = [11, 13, 18, 22];

test.each(types.flatMap((type) => opsets.map((opset) => [type, opset] as const)))(
  "%s in opset %d runs with any number of steps",
  async (type, opset) => {
    const text = input("x", 4, 2, 5) + input("cont", 4, 2) + layer(type, ["x", "cont"], ["y"]);
    const more = [
      { x: [1, 2, 5], cont: [1, 2] },
      { x: [7, 2, 5], cont: [7, 2] },
    ];
    expect(await exportError(text, { opset, draw, more, batch: "dynamic" })).toBeLessThan(1e-5);
  },
);

test.each(types)(
  "%s takes a static input, inputs of several axes, and states that are bottoms and tops",
  async (type) => {
    const states = type === "LSTM" ? ["h", "c"] : ["h"];
    const inputs = input("x", 3, 2, 2, 2) + input("cont", 3, 2) + input("fixed", 2, 3, 1);
    const hidden = states.map((name) => input(name, 1, 2, 3)).join("");
    const bottoms = ["x", "cont", "fixed", ...states];
    const tops = ["y", ...states.map((name) => `${name}_last`)];
    const text = inputs + hidden + layer(type, bottoms, tops, "expose_hidden: true");
    // A state that is given goes on where cont of the first step is 1.
    const all = (i: number, name: string) => (name === "cont" ? Number(i !== 0 && i !== 5) : draw(i, name));
    expect(await exportError(text, { draw: all })).toBeLessThan(1e-5);
  },
);

test("cont that is neither 0 nor 1 is a factor, as in Caffe", async () => {
  const text = input("x", 2, 2, 3) + input("cont", 2, 2) + layer("LSTM", ["x", "cont"], ["y"]);
  const factor = (i: number, name: string) => (name === "cont" ? (i < 2 ? 0 : 0.5) : draw(i, name));
  expect(await exportError(text, { draw: factor })).toBeLessThan(1e-5);
});

test("the streams may be the batch, of any size", async () => {
  const permute = (bottom: string, top: string, order: readonly number[]) =>
    `layer { name: "${top}" type: "Permute" bottom: "${bottom}" top: "${top}" permute_param { ${order
      .map((axis) => `order: ${axis}`)
      .join(" ")} } }\n`;
  const text =
    input("data", 2, 1, 4, 3) +
    input("marks", 2, 4) +
    permute("data", "x", [2, 0, 3, 1]) +
    permute("marks", "cont", [1, 0]) +
    layer("LSTM", ["x", "cont"], ["y"]);
  const more = [{ data: [3, 1, 4, 3], marks: [3, 4] }];
  const inTurn = (i: number, name: string) => (name === "marks" ? Number(i % 4 > 1) : draw(i, name));
  expect(await exportError(text, { draw: inTurn, more, batch: "dynamic" })).toBeLessThan(1e-5);
});

test("it says that each run starts anew", async () => {
  const text = input("x", 4, 2, 5) + input("cont", 4, 2) + layer("LSTM", ["x", "cont"], ["y"]);
  const { exported: net } = await exported(text);
  expect(net.notes).toEqual([
    { layer: "r", type: "LSTM", text: expect.stringMatching(/^each run starts from a state of 0/) },
  ]);
  expect(net.outputs).toEqual({ y: ["N", 2, 3] });
});
