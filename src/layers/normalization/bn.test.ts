import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";
import { BNPspLayer } from "./bn-psp.js";
import { BNSegnetLayer } from "./bn-segnet.js";

const bn = (param = "", top = "y") => `layer { name: "layer" type: "BN" bottom: "x" top: "${top}" ${param} }`;
const one = 'type: "constant" value: 1';
const psp = (fields = "") => `bn_param { slope_filler { ${one} } ${fields} }`;
const segnet = (fields = "") => `bn_param { scale_filler { ${one} } ${fields} }`;

/** Two images of two channels of two values: channel 0 holds 1 2 3 4, channel 1 holds 10 20 30 40. */
const x = { shape: [2, 2, 2], data: [1, 2, 10, 20, 3, 4, 30, 40] };

test.each([psp(), segnet()])("normalizes by the batch, times scale, plus shift: %s", async (param) => {
  const { y } = await runLayer(bn(param), { x }, [
    [2, 1],
    [1, 0],
  ]);
  expect(y.data[0]).toBeCloseTo((-1.5 / Math.sqrt(1.25)) * 2 + 1, 4);
  expect(y.data[7]).toBeCloseTo(1.5 / Math.sqrt(1.25), 4);
});

test("PSPNet's averages keep a part of momentum, and the variance is biased; TEST goes by them", async () => {
  const net = await layerNet(bn(psp("momentum: 0.5")), { x: x.shape });
  await net.forward({ x: x.data });
  const [, , mean, variance] = net.params.get("layer") ?? [];
  expect([...mean.data, ...variance.data]).toEqual([1.25, 12.5, 0.625, 62.5]);
  await net.dispose();
  const { y } = await runLayer(
    bn(psp("eps: 0")),
    { x },
    [
      [2, 1],
      [1, 0],
      [1, 10],
      [4, 25],
    ],
    "TEST",
  );
  expect(y.data).toEqual([1, 2, 0, 2, 3, 4, 4, 6]);
});

test("takes yjxiong's blobs of shape (1, C), and no other number of values", async () => {
  const net = await layerNet(bn(psp()), { x: x.shape });
  const message = net.toMessage();
  const blobs = message.layer.find(({ name }) => name === "layer")?.blobs ?? [];
  for (const blob of blobs) if (blob.shape) blob.shape.dim = [1n, 2n];
  net.copyTrainedLayers(message);
  for (const blob of blobs) if (blob.shape) blob.shape.dim = [1n, 3n];
  expect(() => net.copyTrainedLayers(message)).toThrow("parameter 0 has shape 1 2 1 1 (2), but");
  await net.dispose();
});

test("without fillers the result is 0", async () => {
  expect((await runLayer(bn("bn_param { momentum: 0.9 }"), { x })).y.data).toEqual(Array(8).fill(0));
});

test.each([
  [psp("frozen: true"), [0, 0, 0, 0]],
  [psp(), [1, 1, 0, 0]],
  [`${psp()} param { lr_mult: 3 } param { lr_mult: 2 } param { lr_mult: 1 } param { lr_mult: 1 }`, [3, 2, 0, 0]],
  [segnet(), [1, 1]],
])("the solver may change what learns: %s", async (param, expected) => {
  const net = await layerNet(bn(param), { x: x.shape });
  expect(net.learnables.map(({ lrMult }) => lrMult)).toEqual(expected);
  await net.dispose();
});

describe("which of the two it is", () => {
  test.each([
    ["fields of SegNet", segnet(), {}, BNSegnetLayer, 0],
    ["fields of PSPNet", psp(), { dialect: "segnet" }, BNPspLayer, 0],
    ["four specs", "param {} param {} param {} param {}", {}, BNPspLayer, 0],
    ["the dialect", "", { dialect: "segnet" }, BNSegnetLayer, 0],
    ["the other dialect", "", { dialect: "pspnet" }, BNPspLayer, 0],
    ["two specs", "param {} param {}", {}, BNSegnetLayer, 0],
    ["nothing", "", {}, BNSegnetLayer, 1],
  ] as const)("%s", async (_, param, options, wanted, warnings) => {
    const lines: string[] = [];
    const log = (_level: string, _at: string, line: string) => void lines.push(line);
    const net = await layerNet(bn(param), { x: x.shape }, { ...options, log });
    expect(net.layers.find(({ name }) => name === "layer")).toBeInstanceOf(wanted);
    expect(lines.filter((line) => line.includes("--dialect segnet"))).toHaveLength(warnings);
    await net.dispose();
  });
});

test.each([
  [bn(`${psp()} param {} param {} param {} param {} param {}`), "has 5 param specs, but four parameters"],
  [bn(`${segnet()} param {} param {} param {}`), "has 3 param specs, but two parameters"],
  [bn(psp("momentum: 2")), "bn_param { momentum } must be from 0 to 1, not 2"],
  [bn(`${segnet("bn_mode: INFERENCE")} top: "m"`), "has 2 tops, but with bn_mode: INFERENCE"],
])("refuses %s", async (text, expected) => {
  expect(await buildError(text, { x: [2, 3, 2] })).toContain(expected);
});

test("refuses a bottom of one axis", async () => {
  expect(await buildError(bn(psp()), { x: [3] })).toContain("needs a bottom of two axes or more, not 1");
});

describe("gradient", () => {
  const values = { 0: [0.5, 2, -1], 1: [0, 1, 2], 2: [0.3, -0.2, 0.5], 3: [2, 1.5, 0.7] };
  test.each([
    ["PSPNet's", bn(psp()), values, ["0", "1"]],
    ["PSPNet's in place", bn(psp(), "x"), values, ["0", "1"]],
    ["PSPNet's frozen", bn(psp("frozen: true")), values, []],
  ] as const)("%s", async (_, text, given, params) => {
    await checkGradients({ layer: text, inputs: { x: [4, 3, 2, 2] }, values: given, check: ["x", ...params] });
  });
});

testContract("BN", { inputs: { x: imageShape }, param: psp(), fixed: [2, 3] });
