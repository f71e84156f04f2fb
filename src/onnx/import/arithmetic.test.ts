import { expect, test } from "vitest";
import { draw, floats, node, refused, same } from "../../../test/onnx/nodes.js";
import { numbersOf } from "./value.js";

const [x, y] = [
  [2, 3, 4, 5],
  [2, 3, 4, 5],
];
const positive = (i: number) => 0.3 + Math.abs(draw(i));

test.each(["Add", "Sub", "Mul", "Max", "Min", "Sum", "Mean"])("%s of two blobs of one shape", async (op) => {
  const types = await same({ inputs: { x, y }, nodes: [{ op, inputs: ["x", "y"], outputs: ["z"] }], outputs: ["z"] });
  const wanted = op === "Min" ? "Power Power Eltwise Power" : "Eltwise";
  expect(types).toEqual({ moka: wanted, bvlc: wanted });
});

test("Div of two blobs", async () => {
  const nodes = [{ op: "Div", inputs: ["x", "y"], outputs: ["z"] }];
  const types = await same({ inputs: { x, y }, nodes, outputs: ["z"], draw: positive });
  expect(types).toEqual({ moka: "Power Eltwise", bvlc: "Power Eltwise" });
});

test("more than two blobs", async () => {
  for (const op of ["Sum", "Mean", "Max", "Min"]) {
    const inputs = { x, y, z: [2, 3, 4, 5] };
    await same({ inputs, nodes: [{ op, inputs: ["x", "y", "z"], outputs: ["w"] }], outputs: ["w"] });
  }
});

test.each([
  ["one number", floats([], [0.7]), "Power", "Power"],
  ["channels", floats([3, 1, 1]), "Bias", "Scale"],
  ["the last axis", floats([5]), "Bias", "Scale"],
  ["planes", floats([1, 1, 4, 5]), "Bias", "Scale"],
  ["channels and the last axis", floats([3, 1, 5]), "Bias", "Scale"],
  ["all", floats([2, 3, 4, 5]), "Bias", "Scale"],
  ["batch and rows", floats([2, 1, 4, 1]), "Bias", "Scale"],
] as const)("a constant for %s", async (_, c, sum, product) => {
  for (const inputs of [
    ["x", "c"],
    ["c", "x"],
  ] as const) {
    const check = { inputs: { x }, constants: { c } };
    expect(await same({ ...check, nodes: [{ op: "Add", inputs }] })).toEqual({ moka: sum, bvlc: sum });
    expect(await same({ ...check, nodes: [{ op: "Mul", inputs }] })).toEqual({ moka: product, bvlc: product });
    await same({ ...check, nodes: [{ op: "Sub", inputs }] });
    await same({
      ...check,
      constants: {
        c: floats(
          c.shape,
          numbersOf(c).map((value) => 2 + value),
        ),
      },
      nodes: [{ op: "Div", inputs }],
      draw: positive,
    });
  }
});

test.each([
  ["channels of each image", [2, 3, 1, 1], "Flatten Scale"],
  ["rows", [2, 1, 4, 1], "Tile Tile Eltwise"],
  ["channels", [1, 3, 1, 1], "Reshape Scale"],
  ["one", [1, 1, 1, 1], "Tile Tile Tile Tile Eltwise"],
  ["both", [1, 3, 1, 5], "Tile Tile Eltwise"],
  ["fewer axes", [4, 5], "Scale"],
] as const)("a blob for %s is repeated", async (_, small, types) => {
  const check = { inputs: { x, y: small }, outputs: ["z"] };
  expect(await same({ ...check, nodes: [{ op: "Mul", inputs: ["y", "x"], outputs: ["z"] }] })).toEqual({
    moka: types,
    bvlc: types,
  });
  const sum = types.replace("Scale", "Bias");
  expect(await same({ ...check, nodes: [{ op: "Add", inputs: ["x", "y"], outputs: ["z"] }] })).toEqual({
    moka: sum,
    bvlc: sum,
  });
  await same({ ...check, nodes: [{ op: "Sub", inputs: ["x", "y"], outputs: ["z"] }] });
  await same({ ...check, nodes: [{ op: "Max", inputs: ["x", "y"], outputs: ["z"] }] });
});

test("two blobs that both are repeated", async () => {
  const inputs = { x: [2, 3, 1, 5], y: [2, 1, 4, 5] };
  const types = await same({ inputs, nodes: [{ op: "Mul", inputs: ["x", "y"], outputs: ["z"] }], outputs: ["z"] });
  expect(types.bvlc).toBe("Tile Tile Eltwise");
});

test("a blob with itself", async () => {
  await same({ inputs: { x }, nodes: [{ op: "Mul", inputs: ["x", "x"] }] });
});

test.each([2, 0.5, 3, -1])("Pow with %s", async (power) => {
  const types = await same({
    inputs: { x },
    constants: { p: floats([], [power]) },
    nodes: [node("Pow", {}, ["p"])],
    draw: positive,
  });
  expect(types).toEqual({ moka: "Power", bvlc: "Power" });
});

test("different exponents are refused", async () => {
  const check = { inputs: { x }, constants: { p: floats([5]) }, nodes: [node("Pow", {}, ["p"])] };
  await expect(refused(check)).rejects.toThrow('node 0 "node0" (Pow) of "x", "p": its exponents differ');
});

test("the largest of a blob and constants", async () => {
  const one = { inputs: { x }, constants: { c: floats([], [0.25]) }, tolerance: 0 };
  expect(await same({ ...one, nodes: [node("Max", {}, ["c"])] })).toEqual({ moka: "Clip", bvlc: "Clip" });
  expect(await same({ ...one, nodes: [node("Min", {}, ["c"])] })).toEqual({ moka: "Clip", bvlc: "Clip" });
  const each = { inputs: { x }, constants: { c: floats([3, 1, 1]) }, tolerance: 0 };
  expect(await same({ ...each, nodes: [node("Max", {}, ["c"])] })).toMatchObject({
    bvlc: "Parameter Reshape Tile Tile Tile Eltwise",
  });
});
