import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";
import { makeBlob, writeBlobProto } from "../../proto/binary/index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-infogain-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes H as a file, four axes as Caffe's tools do, and returns its path. */
function fileOf(name: string, h: readonly number[]): string {
  const size = Math.round(Math.sqrt(h.length));
  const bytes = writeBlobProto(makeBlob([1, 1, size, size], { data: Float32Array.from(h) }));
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

const layer = (more = "", tops = 'top: "loss"') =>
  `layer { name: "layer" type: "InfogainLoss" bottom: "x" bottom: "label" bottom: "H" ${tops} ${more} }`;
const fromFile = (source: string, more = "") =>
  `layer { name: "layer" type: "InfogainLoss" bottom: "x" bottom: "label" top: "loss" ` +
  `infogain_loss_param { source: "${source}" } ${more} }`;

/** Two predictions: the classes have probabilities 1/4, 3/4 and 1/2, 1/2. */
const x = { shape: [2, 2], data: [0, Math.log(3), 0, 0] };
const label = { shape: [2], data: [1, 0] };
const H = { shape: [2, 2], data: [2, 0.5, -1, 3] };
const total = -(-1 * Math.log(1 / 4) + 3 * Math.log(3 / 4)) - (2 * Math.log(1 / 2) + 0.5 * Math.log(1 / 2));

test("weighs the logarithm of every class by the label's row of H", async () => {
  const { loss } = await runLayer(layer(), { x, label, H });
  expect(loss.shape).toEqual([]);
  expect(loss.data[0]).toBeCloseTo(total / 2, 6);
});

test("reads H from a file", async () => {
  const { loss } = await runLayer(fromFile(fileOf("h.binaryproto", H.data)), { x, label });
  expect(loss.data[0]).toBeCloseTo(total / 2, 6);
});

test("finds the file beside the prototxt", async () => {
  fileOf("beside.binaryproto", H.data);
  const file = join(folder, "net.prototxt");
  const net = await layerNet(fromFile("beside.binaryproto"), { x: [2, 2], label: [2] }, { file });
  await net.forward({ x: x.data, label: label.data });
  expect(net.loss).toBeCloseTo(total / 2, 6);
  await net.dispose();
});

test("with the identity is SoftmaxWithLoss", async () => {
  const softmax = 'layer { name: "s" type: "SoftmaxWithLoss" bottom: "x" bottom: "label" top: "other" }';
  const identity = { shape: [4], data: [1, 0, 0, 1] };
  const { loss, other } = await runLayer(layer() + softmax, { x, label, H: identity });
  expect(loss.data[0]).toBeCloseTo(other.data[0], 6);
});

test("gives the softmax as a second top", async () => {
  const tops = 'top: "loss" top: "prob" loss_weight: 1 loss_weight: 0';
  const { loss, prob } = await runLayer(layer("", tops), { x, label, H });
  expect(prob.shape).toEqual([2, 2]);
  [0.25, 0.75, 0.5, 0.5].forEach((value, i) => void expect(prob.data[i]).toBeCloseTo(value, 6));
  expect(loss.data[0]).toBeCloseTo(total / 2, 6);
});

test("takes no probability for less than 1e-20", async () => {
  const wrong = { shape: [1, 2], data: [0, 1000] };
  const { loss } = await runLayer(layer(), { x: wrong, label: { shape: [1], data: [0] }, H });
  expect(loss.data[0]).toBeCloseTo(2 * 20 * Math.log(10), 4);
});

/** Two images of three labels each, of which two are ignored; every other one costs 2.5·log 2. */
const image = {
  x: { shape: [2, 2, 3], data: Array<number>(12).fill(0) },
  H: { shape: [2, 2], data: [2, 0.5, 1.5, 1] },
};
const some = { label: { shape: [2, 3], data: [0, 1, 255, 1, 1, 255] } };

test.each([
  ["", 4 / 4],
  ["normalization: VALID", 4 / 4],
  ["normalization: FULL", 4 / 6],
  ["normalization: BATCH_SIZE", 4 / 2],
  ["normalization: NONE", 4],
])("with %j four losses are divided so that %d remain", async (param, share) => {
  const { loss } = await runLayer(layer(`loss_param { ignore_label: 255 ${param} }`), { ...image, ...some });
  expect(loss.data[0]).toBeCloseTo(share * 2.5 * Math.log(2), 5);
});

test("of labels that are all ignored is 0", async () => {
  const net = await layerNet(
    layer("loss_param { ignore_label: -1 }"),
    { x: [2, 2], label: [2], H: [2, 2] },
    { header: "force_backward: true" },
  );
  await net.forward({ x: x.data, label: [-1, -1], H: H.data });
  await net.backward();
  expect(net.loss).toBe(0);
  expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual([0, 0, 0, 0]);
  await net.dispose();
});

describe("errors", () => {
  const shapes = { x: [2, 2], label: [2] };

  test("no matrix, or a file that is none", async () => {
    expect(await buildError(fromFile(""), shapes)).toBe(
      '<text>:4:1: layer "layer" (InfogainLoss): infogain_loss_param.source must be given, or a third bottom',
    );
    expect(await buildError(fromFile(join(folder, "nowhere")), shapes)).toMatch(
      /layer "layer" \(InfogainLoss\): cannot read \S+nowhere: no such file/,
    );
    writeFileSync(join(folder, "text"), "not a BlobProto");
    expect(await buildError(fromFile(join(folder, "text")), shapes)).toMatch(/layer "layer" \(InfogainLoss\): .*text/);
  });

  test("a matrix of another size", async () => {
    const path = fileOf("three.binaryproto", [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await buildError(fromFile(path), shapes)).toBe(
      `<text>:4:1: layer "layer" (InfogainLoss): 2 classes need a matrix H of 4 values; ${path} has 9`,
    );
    expect(await buildError(layer(), { ...shapes, H: [2, 3] })).toMatch(/need a matrix H of 4 values; the third.* 6$/);
  });

  test("loss_param.normalize, as in Caffe", async () => {
    expect(await buildError(layer("loss_param { normalize: true }"), { ...shapes, H: [2, 2] })).toMatch(
      /does not take loss_param.normalize: give normalization, VALID for true, BATCH_SIZE for false$/,
    );
  });

  test("a label out of range, or too many of them", async () => {
    const net = await layerNet(layer(), { ...shapes, H: [2, 2] });
    await expect(net.forward({ label: [0, 2] })).rejects.toMatchObject({ code: "MOKA_LABEL" });
    await net.dispose();
    expect(await buildError(layer("infogain_loss_param { axis: 0 }"), { ...shapes, x: [2, 3], H: [4] })).toMatch(
      /with classes on infogain_loss_param.axis 0 need 3 labels; there are 2 \(2\)$/,
    );
  });

  test.each([
    ["label", "labels"],
    ["H", "matrix"],
  ])("a gradient asked of %s", async (name, what) => {
    const up = `layer { name: "up" type: "Bias" bottom: "raw" top: "${name}" bias_param { axis: 0 num_axes: 0 } }`;
    const { [name as "label"]: raw, ...others } = { ...shapes, H: [2, 2] };
    const net = await layerNet(up + layer(), { ...others, raw });
    await net.forward();
    await expect(net.backward()).rejects.toThrow(`cannot propagate down to its ${what} "${name}"`);
    await net.dispose();
  });
});

describe("gradient", () => {
  test.each([
    ["of classes", "", [3, 4], [3], [0, 3, 1]],
    ["with a loss_weight", "loss_weight: 2.5", [3, 4], [3], [0, 3, 1]],
    ["at each place of a plane", "", [2, 4, 2], [2, 2], [0, 2, 1, 3]],
    ["along the last axis", "infogain_loss_param { axis: -1 }", [2, 2, 4], [2, 2], [0, 2, 1, 1]],
    ["ignoring labels", "loss_param { ignore_label: 9 normalization: FULL }", [2, 4, 2], [2, 2], [0, 9, 1, 2]],
  ] as const)("%s", async (_, param, scores, labels, values) => {
    await checkGradients({
      layer: layer(param),
      inputs: { x: scores, label: labels, H: [4, 4] },
      values: { label: values },
      check: ["x"],
    });
  });

  test("with a matrix from a file, and the softmax as a second top", async () => {
    const h = Array.from({ length: 9 }, (_, i) => Math.sin(i));
    const tops = 'top: "prob" loss_weight: 1 loss_weight: 0';
    await checkGradients({
      layer: fromFile(fileOf("sines.binaryproto", h), tops),
      inputs: { x: [4, 3], label: [4] },
      values: { label: [0, 1, 2, 1] },
      check: ["x"],
    });
  });
});

testContract("InfogainLoss", {
  inputs: { x: [2, 28], label: [2] },
  param: 'infogain_loss_param { source: "../../files/glyphs_mean.binaryproto" }',
});
