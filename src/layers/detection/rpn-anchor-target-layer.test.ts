// Numbers: py-faster-rcnn's own Python, with Python 3's syntax and numpy, of the same net, computed the labels and the sums.
// No gradient: regions and targets are drawn and chosen.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, layerNet } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "Python" bottom: "map" bottom: "objects" bottom: "info"
     top: "labels" top: "targets" top: "inside" top: "outside" python_param {
     module: "rpn.anchor_target_layer" layer: "AnchorTargetLayer" param_str: "${param}" } }`;
const small = layer("{'feat_stride': 16, 'scales': [1, 2]}");
const shapes = { map: [1, 12, 4, 5], objects: [2, 5], info: [1, 3] };
const two = [10, 5, 40, 30, 1, 33, 20, 60, 62, 2];
const run = async (objects: number[], cfg: Record<string, unknown> = {}, seed = 1701) => {
  const net = await layerNet(small, { ...shapes, objects: [objects.length / 5, 5] }, { cfg, seed });
  const tops = await net.forward({ objects, info: [64, 80, 1] });
  const copies = Object.fromEntries(Object.entries(tops).map(([name, values]) => [name, [...values]]));
  await net.dispose();
  return copies as Record<"labels" | "targets" | "inside" | "outside", number[]>;
};
const sums = (values: readonly number[]) => [
  values.reduce((sum, value) => sum + value, 0),
  values.reduce((sum, value, i) => sum + value * i, 0),
];
const count = (values: readonly number[], value: number) => values.filter((each) => each === value).length;

test("labels, targets and weights are those of py-faster-rcnn", async () => {
  const { labels, targets, inside, outside } = await run(two);
  expect(labels).toHaveLength(120);
  expect(labels.flatMap((value, i) => (value === 1 ? [i] : []))).toEqual([66, 112]);
  expect(count(labels, 0)).toBe(49);
  const expected = [23.363852098584175, 5092.861914906651];
  sums(targets).forEach((sum, i) => void expect(sum / (expected[i] ?? 1)).toBeCloseTo(1, 6));
  expect(sums(inside)).toEqual([8, 2872]);
  expect(new Set(outside)).toEqual(new Set([0, Math.fround(1 / 51)]));
  expect(sums(outside)[1] / 873.098070114851).toBeCloseTo(1, 6);
});

test("no more than RPN_BATCHSIZE take part, drawn at random", async () => {
  const cfg = { TRAIN: { RPN_BATCHSIZE: 8, RPN_FG_FRACTION: 0.125 } };
  const { labels, outside } = await run(two, cfg);
  expect([count(labels, 1), count(labels, 0)]).toEqual([1, 7]);
  expect(new Set(outside)).toEqual(new Set([0, 0.125]));
  const others = await Promise.all([2, 3, 4, 5].map(async (seed) => (await run(two, cfg, seed)).labels.join()));
  expect(new Set(others).size).toBeGreaterThan(1);
});

test("weights of objects and background, and R-FCN's targets", async () => {
  const { labels, outside } = await run(two, {
    TRAIN: { RPN_POSITIVE_WEIGHT: 0.5, RPN_BBOX_INSIDE_WEIGHTS: [1, 2, 3, 4] },
  });
  expect(count(labels, 1)).toBe(2);
  expect(new Set(outside)).toEqual(new Set([0, 0.25, Math.fround(0.5 / 49)]));
  const [plain, normal] = [await run(two), await run(two, { TRAIN: { RPN_NORMALIZE_TARGETS: true } })];
  plain.targets.forEach((value, i) => {
    const std = Math.floor(i / 20) % 4 < 2 ? 0.1 : 0.2;
    expect(normal.targets[i]).toBeCloseTo(value / std, 5);
  });
});

test("without objects all is background; without an anchor in the image nothing takes part", async () => {
  const { labels, targets } = await run([]);
  expect([count(labels, 1), count(labels, 0)]).toEqual([0, 60]);
  expect(targets.every((value) => value === 0)).toBe(true);
  const net = await layerNet(small, shapes);
  const tops = await net.forward({ objects: two, info: [4, 4, 1] });
  expect([...(tops.labels ?? [])].every((value) => value === -1)).toBe(true);
  expect([...(tops.outside ?? [1])].every((value) => value === 0)).toBe(true);
  await net.dispose();
});

test("errors", async () => {
  expect(await buildError(small, { ...shapes, map: [2, 12, 4, 5] })).toMatch(
    /its map must be \(1, …, H, W\), one image/,
  );
  expect(await buildError(small, { ...shapes, objects: [2, 4] })).toMatch(/its objects must have 5 values each/);
  expect(await buildError(small, { ...shapes, info: [1, 1] })).toMatch(/im_info must have height and width/);
  expect(await buildError(layer("'feat_stride': 0"), shapes)).toMatch(/feat_stride, a number of at least 1, not 0/);
  const building = layerNet(small, shapes, { cfg: { TRAIN: { RPN_POSITIVE_WEIGHT: 1 } } });
  await expect(building).rejects.toThrow("RPN_POSITIVE_WEIGHT must be −1, or between 0 and 1");
});

testContract("rpn.anchor_target_layer.AnchorTargetLayer", {
  resizes: false,
  inputs: { map: [1, 2, 3, 3], objects: [2, 5], info: [1, 3] },
  tops: ["labels", "targets", "inside", "outside"],
  param: `python_param { module: "rpn.anchor_target_layer" layer: "AnchorTargetLayer" param_str: "'feat_stride': 16" }`,
});
