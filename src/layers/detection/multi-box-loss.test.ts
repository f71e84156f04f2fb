import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet } from "../../../test/layers.js";

const bottoms = ["loc", "conf", "prior", "truth"].map((name) => `bottom: "${name}"`).join(" ");
const layer = (param: string, more = "") =>
  `layer { name: "layer" type: "MultiBoxLoss" ${bottoms} top: "loss" ${more} multibox_loss_param { ${param} } }`;
const variance = [0.1, 0.1, 0.2, 0.2];
const corners = [
  [0, 0, 0.5, 0.5],
  [0.5, 0.5, 1, 1],
];
const priors = (boxes: readonly (readonly number[])[]) => [...boxes.flat(), ...boxes.flatMap(() => variance)];
const ln3 = Math.log(3);

/** The loss and the gradients of locations and scores. */
async function lossOf(
  param: string,
  values: { loc: number[]; conf: number[]; truth: number[]; boxes?: readonly (readonly number[])[] },
  { images = 1, more = "" } = {},
) {
  const { loc, conf, truth, boxes = corners } = values;
  const shapes = {
    loc: [images, loc.length / images],
    conf: [images, conf.length / images],
    prior: [1, 2, 4 * boxes.length],
    truth: [1, 1, truth.length / 8, 8],
  };
  const net = await layerNet(layer(param, more), shapes, { header: "force_backward: true" });
  try {
    await net.forward({ loc, conf, prior: priors(boxes), truth });
    await net.backward();
    const diff = (name: string) => [...(net.blobs.get(name)?.diff ?? [])];
    return { loss: net.loss, dloc: diff("loc"), dconf: diff("conf") };
  } finally {
    await net.dispose();
  }
}

const close = (found: readonly number[], wanted: readonly number[]) => {
  expect(found.length).toBe(wanted.length);
  found.forEach((value, i) => void expect(value).toBeCloseTo(wanted[i] ?? Number.NaN, 5));
};
const one = { loc: [0.5, 0, 0, 2, 1, 1, 1, 1], conf: [0, ln3, ln3, 0], truth: [0, 1, 0, 0, 0, 0.5, 0.5, 0] };

test("a true box on the first prior; the second one is a mined negative", async () => {
  // Smooth L1: 0.5·0.5² + (2 − 0.5). Both priors have a probability of 3/4 for their class.
  const { loss, dloc, dconf } = await lossOf("num_classes: 2 code_type: CORNER", one);
  expect(loss).toBeCloseTo(0.125 + 1.5 - 2 * Math.log(0.75), 5);
  close(dloc, [0.5, 0, 0, 1, 0, 0, 0, 0]);
  close(dconf, [0.25, -0.25, -0.25, 0.25]);
});

test("no ground truth: no loss with mining, all background without it", async () => {
  const none = { ...one, truth: [-1, -1, -1, 0, 0, 0, 0, 0] };
  expect(await lossOf("num_classes: 2", none)).toEqual({
    loss: 0,
    dloc: Array<number>(8).fill(0),
    dconf: Array<number>(4).fill(0),
  });
  const { loss, dconf } = await lossOf("num_classes: 2 mining_type: NONE", none);
  expect(loss).toBeCloseTo(-Math.log(0.25) - Math.log(0.75), 5);
  close(dconf, [-0.75, 0.75, -0.25, 0.25]);
  expect((await lossOf("num_classes: 2", { ...one, truth: [] })).loss).toBe(0);
});

test("a true box without area, one outside the image and a difficult one match nothing", async () => {
  const param = "num_classes: 2 use_difficult_gt: false";
  for (const row of [
    [0, 5, 0, 0.2, 0.2, 0.2, 0.2, 0],
    [0, 1, 0, 1.5, 1.5, 2, 2, 0],
    [0, 1, 0, 0, 0, 0.5, 0.5, 1],
  ]) {
    expect((await lossOf(param, { ...one, truth: row })).loss, `${row}`).toBe(0);
  }
});

test("two forwards without a backward are the same", async () => {
  const net = await layerNet(layer("num_classes: 2"), {
    loc: [1, 8],
    conf: [1, 4],
    prior: [1, 2, 8],
    truth: [1, 1, 1, 8],
  });
  const inputs = { ...one, prior: priors(corners) };
  await net.forward({ ...inputs, truth: [0, 1, 0, 0.5, 0.5, 1, 1, 0] });
  await net.forward(inputs);
  expect(net.loss).toBeCloseTo(0.125 + 1.5 - 2 * Math.log(0.75), 5);
  await net.dispose();
});

test("a part that propagate_down leaves out", async () => {
  const { loss } = await lossOf("num_classes: 2", one, {
    more: ["true", "false", "false", "false"].map((value) => `propagate_down: ${value}`).join(" "),
  });
  expect(loss).toBeCloseTo(1.625, 5);
});

test("NaN scores make the loss NaN", async () => {
  expect((await lossOf("num_classes: 2", { ...one, conf: [Number.NaN, 0, 0, 0] })).loss).toBeNaN();
  const wild = { ...one, loc: Array<number>(8).fill(Number.NaN), truth: [0, 1, 0, Number.NaN, 0, 1, 1, 0] };
  expect((await lossOf("num_classes: 2 use_prior_for_matching: false", wild)).loss).toBe(0);
});

describe("gradients", () => {
  const grid = [0, 1, 2, 3].flatMap((y) => [0, 1, 2, 3].map((x) => [x, y].flatMap((v) => [v / 4]))); // 16 cells
  const boxes = grid.map(([x = 0, y = 0]) => [x - 0.05, y - 0.05, x + 0.3, y + 0.3]);
  const truth = [
    [0, 1, 0, 0.02, 0.03, 0.31, 0.27, 0],
    [0, 2, 1, 0.45, 0.51, 0.8, 0.85, 0],
    [1, 1, 0, 0.7, 0.2, 1, 0.6, 0],
  ].flat();
  test.each([
    ["neg_overlap: 0.3 code_type: CENTER_SIZE", 4],
    ["mining_type: HARD_EXAMPLE sample_size: 5 loc_loss_type: L2 loc_weight: 2 code_type: CORNER_SIZE", 4],
    ["mining_type: NONE share_location: false overlap_threshold: 0.3", 12],
    ["conf_loss_type: LOGISTIC bp_inside: false match_type: BIPARTITE neg_pos_ratio: 1.5", 4],
  ])("%s", async (param, width) => {
    await checkGradients({
      layer: layer(`num_classes: 3 ${param}`),
      inputs: { loc: [2, 16 * width], conf: [2, 48], prior: [1, 2, 64], truth: [1, 1, 3, 8] },
      values: { prior: priors(boxes), truth },
      check: ["loc", "conf"],
    });
  });
});

describe("errors", () => {
  const shapes = { loc: [1, 8], conf: [1, 4], prior: [1, 2, 8], truth: [1, 1, 1, 8] };
  test.each([
    ["", /num_classes must be given/],
    ["num_classes: 2 do_neg_mining: false", /do_neg_mining false does not agree with mining_type MAX_NEGATIVE$/],
    ["num_classes: 2 share_location: false", /mining needs share_location true/],
    ["num_classes: 2 neg_pos_ratio: 0", /neg_pos_ratio must be above 0, not 0$/],
    ["num_classes: 2 mining_type: HARD_EXAMPLE sample_size: 0", /sample_size must be above 0, not 0$/],
    ["num_classes: 2 background_label_id: 2", /must be below num_classes 2, not 2$/],
    ["num_classes: 3 map_object_to_agnostic: true", /needs num_classes 2 and background_label_id 0, not 3 and 0$/],
    ["num_classes: 3", /2 priors need 8 locations and 6 scores an image/],
  ])("%j", async (param, message) => {
    expect(await buildError(layer(param), shapes)).toMatch(message);
  });

  test("shapes", async () => {
    const param = layer("num_classes: 2");
    expect(await buildError(param, { ...shapes, prior: [1, 8] })).toMatch(/priors must have the shape 1 2 P·4/);
    expect(await buildError(param, { ...shapes, truth: [1, 1, 1, 7] })).toMatch(/rows of 8 values/);
    expect(await buildError(param, { ...shapes, conf: [2, 4] })).toMatch(/same first axis/);
  });

  test("a field of another fork", async () => {
    const param = layer("num_classes: 2 ignore_difficult_gt: true");
    expect(await buildError(param, shapes)).toMatch(/multibox_loss_param.ignore_difficult_gt: a field of another fork/);
  });

  test.each([2, 0, -1, Number.NaN, 2 ** 32 + 1])("class %d of a true box", async (label) => {
    const run = lossOf("num_classes: 2", { ...one, truth: [0, label, 0, 0, 0, 0.5, 0.5, 0] });
    await expect(run).rejects.toThrow(/the class of a true box must be from 0 to 1, not the background 0; it is/);
  });

  test("a prior without width", async () => {
    const flat = { ...one, boxes: [[0.2, 0, 0.2, 0.5], corners[1] ?? []] };
    const run = lossOf("num_classes: 2 code_type: CENTER_SIZE use_prior_for_matching: false", flat);
    await expect(run).rejects.toThrow(/prior 0 has no width or height/);
  });
});

testContract("MultiBoxLoss", {
  inputs: { a: [2, 8], b: [2, 4], labelPrior: [1, 2, 8], label: [1, 1, 2, 8] },
  param: "multibox_loss_param { num_classes: 2 mining_type: NONE }",
});
