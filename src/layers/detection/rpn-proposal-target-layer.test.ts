// Numbers: py-faster-rcnn's own Python, with Python 3's syntax and numpy, of the same net, computed the targets.
// No gradient: regions and targets are drawn and chosen.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, layerNet } from "../../../test/layers.js";

const layer = (classes: number) =>
  `layer { name: "layer" type: "Python" bottom: "regions" bottom: "objects"
     top: "rois" top: "labels" top: "targets" top: "inside" top: "outside" python_param {
     module: "rpn.proposal_target_layer" layer: "ProposalTargetLayer" param_str: "'num_classes': ${classes}" } }`;
const two = [10, 5, 40, 30, 1, 33, 20, 60, 62, 2];
const five = [
  [0, 12, 6, 38, 31],
  [0, 30, 18, 58, 60],
  [0, 0, 0, 20, 20],
  [0, 5, 5, 60, 60],
  [0, 70, 50, 79, 63],
].flat();
const run = async (objects: number[], settings = {}, classes = 3, seed = 1701) => {
  const shapes = { regions: [5, 5], objects: [objects.length / 5, 5] };
  const net = await layerNet(layer(classes), shapes, { cfg: { TRAIN: settings }, seed });
  await net.forward({ regions: five, objects });
  const rows = (name: string) => {
    const { data, shape } = net.blobs.get(name) ?? { data: [], shape: [0] };
    const width = data.length / (shape[0] || 1);
    return Array.from({ length: shape[0] ?? 0 }, (_, i) => [...data.slice(i * width, (i + 1) * width)]);
  };
  const order = rows("rois")
    .map((row, i) => ({ row, i }))
    .sort((a, b) => (a.row.join() < b.row.join() ? -1 : 1));
  const sorted = (name: string) => order.map(({ i }) => rows(name)[i] ?? []);
  const shape = (name: string) => [...(net.blobs.get(name)?.shape ?? [])];
  const found = {
    labels: sorted("labels").flat(),
    targets: sorted("targets"),
    inside: sorted("inside"),
    rois: sorted("rois"),
  };
  const result = { ...found, outside: sorted("outside"), shapes: ["rois", "labels", "targets"].map(shape) };
  await net.dispose();
  return result;
};

test("regions, classes and targets are those of py-faster-rcnn", async () => {
  const { rois, labels, targets, inside, outside, shapes } = await run(two, {
    BBOX_NORMALIZE_TARGETS_PRECOMPUTED: true,
  });
  expect(shapes).toEqual([[6, 5], [6], [6, 12]]);
  expect(rois.map((row) => row[1])).toEqual([0, 10, 12, 30, 33, 5]);
  expect(labels).toEqual([0, 1, 1, 2, 2, 0]);
  const first = [0, -0.384615391, 0.690751731, 0];
  const second = [0.862069011, 0.465116262, -0.175456703, 0];
  targets[2]?.slice(4, 8).forEach((value, i) => void expect(value).toBeCloseTo(first[i] ?? 0, 5));
  targets[3]?.slice(8, 12).forEach((value, i) => void expect(value).toBeCloseTo(second[i] ?? 0, 5));
  const marked = [[], [4, 5, 6, 7], [4, 5, 6, 7], [8, 9, 10, 11], [8, 9, 10, 11], []];
  expect(inside.map((row) => row.flatMap((value, i) => (value === 1 ? [i] : [])))).toEqual(marked);
  expect(outside).toEqual(inside);
});

test("BATCH_SIZE of them are drawn, up to FG_FRACTION objects", async () => {
  const { labels } = await run(two, { BATCH_SIZE: 3, FG_FRACTION: 0.34 });
  expect(labels).toHaveLength(3);
  expect(labels.filter((label) => label > 0)).toHaveLength(1);
  const draws = await Promise.all(
    [1, 2, 3, 4, 5].map(async (seed) => (await run(two, { BATCH_SIZE: 3, FG_FRACTION: 0.34 }, 3, seed)).rois.join()),
  );
  expect(new Set(draws).size).toBeGreaterThan(1);
});

test("R-FCN: all regions, one pair of box classes, four axes", async () => {
  const { labels, inside, shapes } = await run(two, { BATCH_SIZE: -1, BG_THRESH_LO: 0, AGNOSTIC: true });
  expect(labels).toHaveLength(7);
  expect(shapes).toEqual([
    [7, 5, 1, 1],
    [7, 1, 1, 1],
    [7, 12, 1, 1],
  ]);
  expect(inside.flatMap((row) => row.flatMap((value, i) => (value === 1 ? [i] : [])))).toEqual(
    Array(4).fill([4, 5, 6, 7]).flat(),
  );
});

test("without objects regions are background, or there are none", async () => {
  expect((await run([], { BG_THRESH_LO: 0 })).labels).toEqual([0, 0, 0, 0, 0]);
  expect((await run([])).shapes).toEqual([[0, 5], [0], [0, 12]]);
});

test("errors", async () => {
  await expect(run([1, 1, 5, 5, 3])).rejects.toThrow('object 0 of "objects" has class 3, which is none of 3');
  await expect(run([1, 1, 5, 5, 0.5])).rejects.toThrow("has class 0.5");
  const net = await layerNet(layer(2), { regions: [1, 5], objects: [1, 5] });
  await expect(net.forward({ regions: [1, 0, 0, 9, 9], objects: [1, 1, 5, 5, 1] })).rejects.toThrow(
    'region 0 of "regions" is of image 1',
  );
  await net.dispose();
  expect(await buildError(layer(1), { regions: [1, 5], objects: [1, 5] })).toMatch(
    /num_classes, a number of at least 2/,
  );
  expect(await buildError(layer(2), { regions: [1, 4], objects: [1, 5] })).toMatch(
    /its regions must have 5 values each/,
  );
});

testContract("rpn.proposal_target_layer.ProposalTargetLayer", {
  resizes: false,
  inputs: { label: [1, 5], label2: [1, 5] },
  tops: ["rois", "labels", "targets", "inside", "outside"],
  changes: ["TRAIN", "TEST"],
  param: `python_param { module: "rpn.proposal_target_layer" layer: "ProposalTargetLayer" param_str: "'num_classes': 2" }`,
});
