import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { makeBlob } from "../../proto/binary/index.js";
import { LayerParameterSchema } from "../../proto/gen/caffe_pb.js";
import { drawStats } from "./draw-stats.js";
import { layerStats } from "./layer-stats.js";
import { normLayers } from "./norm-layers.js";

const [norm] = normLayers([
  create(LayerParameterSchema, { name: "a<b>", type: "BatchNorm", bottom: ["x"], top: ["x"] }),
]);
const blob = (...data: number[]) => makeBlob([data.length], { data: Float32Array.from(data) });
const of = (mean: number[], variance: number[], factor: number, gamma: number[] = []) => {
  if (!norm) throw new Error("there is one");
  const scale = gamma.length > 0 ? [blob(...gamma)] : [];
  return layerStats(norm, [blob(...mean), blob(...variance), blob(factor)], scale, "the test");
};

test("an empty layer has no dead channels: the factor says it all", () => {
  const { dead, reading, variance } = of([0, 0], [0, 0], 0);
  expect(dead).toEqual([]);
  expect(reading.state).toBe("empty");
  expect(variance.values).toEqual([0, 0]);
});

test("a variance or a γ far below the others' is dead, a gain far above them suspicious", () => {
  const mean = [0, 0, 0, 0, 0];
  expect(of(mean, [1, 1, 1e-11, 2, 1e-7], 1).dead.map(({ channel }) => channel)).toEqual([2, 4]);
  expect(of(mean, [1, 1, 1, 1, 1], 1, [1, 1e-5, -1, 0, 1]).dead.map(({ channel }) => channel)).toEqual([1, 3]);
  const { dead, suspicious } = of(mean, [1, 1, 1, 1, 1e-4], 1, [1, 1, 1, 1, 5]);
  expect(dead).toEqual([]);
  expect(suspicious[0]).toMatchObject({
    channel: 4,
    reason: expect.stringMatching(/^gain 477, 477 times the median$/),
  });
  expect(of(mean, [1, Number.POSITIVE_INFINITY, 1, 1, -1], 1).suspicious.map(({ reason }) => reason)).toEqual([
    "variance inf",
    "negative variance -1",
  ]);
});

test("a picture has a row for each layer, a bar for each part that has channels, and names with their marks", () => {
  const layers = [of([0, 1], [1, 1e-11], 1), of([0, 0], [0, 0], 0), of([Number.NaN], [1], 1000)];
  const svg = drawStats("net & co", layers);
  expect(svg.match(/a&lt;b&gt;/g)).toHaveLength(3);
  expect(svg).toContain("net &amp; co");
  expect(svg).toContain("3 BatchNorm layers, 2 with dead or suspicious channels");
  expect(svg).not.toMatch(/"(NaN|undefined|-?Infinity)"/);
  const bars = layers
    .flatMap(({ mean, variance, gain }) => [mean, variance, gain])
    .flatMap(({ histogram }) => histogram);
  expect(svg.match(/<rect [^>]*fill="#2563a8"/g)).toHaveLength(bars.filter((count) => count > 0).length);
});
