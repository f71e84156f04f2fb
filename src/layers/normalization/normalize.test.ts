// Numbers: by hand; those of the forks themselves are in test/golden/forks/Normalize.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param: string, more = "") =>
  `layer { name: "layer" type: "Normalize" bottom: "x" top: "y" ${more} norm_param { ${param} } }`;
const x = { shape: [1, 2, 1, 2], data: [3, 0, 4, 5] };

describe("SSD's", () => {
  test("over an image: one norm for all its values, and one scale", async () => {
    const { y } = await runLayer(layer("scale_filler { type: 'constant' value: 10 }"), {
      x: { shape: [2, 2, 1, 1], data: [3, 4, 0, 0] },
    });
    expect(y).toEqual({ shape: [2, 2, 1, 1], data: [6, 8, 0, 0] });
  });

  test("at each place: a norm over the channels, and a scale for each", async () => {
    const param = "across_spatial: false channel_shared: false eps: 0";
    const { y } = await runLayer(layer(param), { x }, [[10, 20]]);
    for (const [i, value] of [6, 0, 16, 20].entries()) expect(y?.data[i]).toBeCloseTo(value, 5);
  });

  test("eps is in the root", async () => {
    const { y } = await runLayer(layer("eps: 16"), { x: { shape: [1, 1], data: [3] } });
    expect(y?.data[0]).toBeCloseTo(0.6, 6);
  });

  test.each([
    ["", []],
    ["channel_shared: false", [1.5, 1.5]],
    ["across_spatial: false", []],
    ["across_spatial: false channel_shared: false", [1.5, 1.5]],
  ])("gradient, %s", async (param, scale) => {
    const values = scale.length > 0 ? { 0: scale } : {};
    await checkGradients({ layer: layer(param), inputs: { x: [2, 2, 2, 3] }, values, tolerance: 1e-6 });
  });

  test("in place the gradient is the same", async () => {
    const run = async (top: string) => {
      const text = `layer { name: "up" type: "Power" bottom: "x" top: "a" }
        layer { name: "layer" type: "Normalize" bottom: "a" top: "${top}" norm_param { across_spatial: false } }`;
      const net = await layerNet(text, { x: [2, 2, 1, 2] }, { header: "force_backward: true" });
      await net.forward({ x: [1, 2, 3, 4, -1, 2, 0.5, 4] });
      net.blobs.get(top)?.diff.set([1, 2, -1, 0, 3, 1, 1, 2]);
      await net.backward();
      return [...(net.blobs.get("x")?.diff ?? [])];
    };
    expect(await run("a")).toEqual(await run("b"));
  });
});

describe("happynear's", () => {
  const other = (param: string, tops = "") =>
    `layer { name: "layer" type: "Normalize" bottom: "x" top: "y" ${tops} normalize_param { ${param} } }`;

  test("at each place, with the norm as second top", async () => {
    const { y, n } = await runLayer(other("", 'top: "n"'), { x });
    expect(n?.shape).toEqual([1, 1, 1, 2]);
    for (const [i, value] of [5, 5].entries()) expect(n?.data[i]).toBeCloseTo(value, 5);
    for (const [i, value] of [0.6, 0, 0.8, 1].entries()) expect(y?.data[i]).toBeCloseTo(value, 5);
  });

  test("by the sum of sizes", async () => {
    const { y } = await runLayer(other('normalize_type: "L1"'), { x: { shape: [1, 2], data: [-3, 1] } });
    for (const [i, value] of [-0.75, 0.25].entries()) expect(y?.data[i]).toBeCloseTo(value, 5);
  });

  test.each([
    ["L1", ""],
    ["L2", ""],
    ["L1", 'top: "n"'],
    ["L2", 'top: "n"'],
  ])("gradient, %s %s", async (type, tops) => {
    await checkGradients({
      layer: other(`normalize_type: "${type}" bp_norm: true`, tops),
      inputs: { x: [2, 3, 2, 2] },
      kinks: [0],
      tolerance: 1e-6,
    });
  });
});

describe("which one it is", () => {
  const build = async (fields: string, dialect?: string) => {
    const text = `layer { name: "layer" type: "Normalize" bottom: "x" top: "y" ${fields} }`;
    const net = await layerNet(text, { x: [1, 2] }, dialect ? { dialect } : {});
    const blobs = net.params.get("layer")?.length ?? 0;
    await net.dispose();
    return blobs === 1 ? "ssd" : "happynear";
  };

  test.each([
    ["", undefined, "ssd"],
    ["", "happynear", "happynear"],
    ["norm_param { }", "happynear", "ssd"],
    ["normalize_param { }", undefined, "happynear"],
    ['normalize_param { normalize_type: "L2" }', "ssd", "happynear"],
    ['top: "n"', undefined, "happynear"],
  ])("%s, dialect %s: %s", async (fields, dialect, kind) => {
    expect(await build(fields, dialect)).toBe(kind);
  });
});

test.each([
  ["norm_param { eps: -1 }", /norm_param.eps must be 0 or more, not -1/],
  ["norm_param { add_eps_before_sqrt: false }", /add_eps_before_sqrt: false is another fork's/],
  ['normalize_param { normalize_type: "L3" }', /normalize_type must be "L1" or "L2", not "L3"/],
])("%s is an error", async (fields, message) => {
  const text = `layer { name: "layer" type: "Normalize" bottom: "x" top: "y" ${fields} }`;
  expect(await buildError(text, { x: [1, 2] })).toMatch(message);
});

test("a bottom without channels is an error", async () => {
  expect(await buildError(layer(""), { x: [2] })).toMatch(/needs a bottom \(N, C, …\), not/);
});

test("an empty batch stays empty", async () => {
  const { y } = await runLayer(layer("across_spatial: false"), { x: { shape: [0, 2, 1, 2], data: [] } });
  expect(y).toEqual({ shape: [0, 2, 1, 2], data: [] });
});

testContract("Normalize", { inputs: { x: [2, 3, 4, 4] }, param: "norm_param { across_spatial: false }" });
testContract("Normalize", {
  inputs: { x: [2, 3, 4, 4] },
  param: "normalize_param { bp_norm: true }",
  tops: ["y", "n"],
});
