// No gradient: it has no bottoms and no parameters.
// Numbers: the caller gives them.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { netFromText } from "../../../test/nets.js";

const layer = (shapes: string, tops = ["a", "b"]) =>
  `layer { name: "layer" type: "Input" ${tops.map((top) => `top: "${top}"`).join(" ")} input_param { ${shapes} } }`;

test.each([
  ["one shape for all tops", "shape { dim: 2 dim: 3 }", [2, 3], [2, 3]],
  ["one each", "shape { dim: 2 dim: 3 } shape { dim: 4 }", [2, 3], [4]],
  ["a scalar", "shape {}", [], []],
  ["none", "", [0], [0]],
])("takes %s", async (_, shapes, a, b) => {
  const net = await netFromText(layer(shapes));
  expect(net.inputs).toEqual(["a", "b"]);
  expect([net.blobs.get("a")?.shape, net.blobs.get("b")?.shape]).toEqual([a, b]);
  await net.dispose();
});

test("without a shape waits for one from the caller", async () => {
  const net = await netFromText(`${layer("", ["x"])} layer { name: "relu" type: "ReLU" bottom: "x" top: "y" }`);
  net.reshape({ x: [2, 2] });
  expect(await net.forward({ x: [1, -2, 3, -4] })).toEqual({ y: Float32Array.of(1, 0, 3, 0) });
  await net.dispose();
});

test("keeps what the caller put into it", async () => {
  const net = await netFromText(layer("shape { dim: 2 }", ["x"]));
  await net.forward({ x: [1, 2] });
  expect(await net.forward()).toEqual({ x: Float32Array.of(1, 2) });
  await net.dispose();
});

test("refuses more shapes than tops", async () => {
  await expect(netFromText(layer("shape {} shape {} shape {}"))).rejects.toThrow(
    '<text>:1:1: layer "layer" (Input): has 3 input_param.shape for 2 tops; give none, one, or one for each',
  );
  await expect(netFromText(layer("shape {} shape {}", ["x"]))).rejects.toThrow(/has 2 input_param.shape for 1 top; /);
});

testContract("Input", { param: "input_param { shape { dim: 2 dim: 3 } }" });
