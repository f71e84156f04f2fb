import { expect, test } from "vitest";
import { connect } from "../../core/graph.js";
import { parseNet } from "../../proto/text/index.js";
import { scaleBehind } from "./scale-behind.js";

const layer = (name: string, type: string, bottom: string, top: string, more = "") =>
  `layer { name: "${name}" type: "${type}" bottom: "${bottom}" top: "${top}" ${more} }`;
const norm = layer("bn", "BatchNorm", "x", "y");
const scale = layer("scale", "Scale", "y", "z");
const pool = layer("pool", "Pooling", "y", "p");

function behind(layers: readonly string[], rank?: number): string | undefined {
  const graph = connect(parseNet(layers.join("\n")).message.layer);
  const bn = graph.layers.find(({ name }) => name === "bn");
  return bn && scaleBehind(graph, bn, rank)?.name;
}

test.each([
  ["the only reader", [norm, scale]],
  ["before another reader", [norm, scale, pool]],
  ["behind another reader", [norm, pool, scale]],
  ["in place", [layer("bn", "BatchNorm", "x", "x"), layer("scale", "Scale", "x", "x"), layer("r", "ReLU", "x", "x")]],
  [
    "behind a Split, as snapshots have it",
    [
      norm,
      `layer { name: "split" type: "Split" bottom: "y" top: "y0" top: "y1" }`,
      layer("pool", "Pooling", "y0", "p"),
      layer("scale", "Scale", "y1", "z"),
    ],
  ],
  [
    "behind other layers that read the same",
    [norm, layer("other", "Scale", "y", "o", "scale_param { axis: 2 }"), scale],
  ],
  ["with its defaults written out", [norm, layer("scale", "Scale", "y", "z", "scale_param { axis: 1 num_axes: 1 }")]],
])("is found: %s", (_, layers) => {
  expect(behind(layers)).toBe("scale");
});

test.each([
  ["another axis", [norm, layer("s", "Scale", "y", "z", "scale_param { axis: 2 }")]],
  ["a number for each value of an image", [norm, layer("s", "Scale", "y", "z", "scale_param { num_axes: -1 }")]],
  ["a second bottom", [norm, layer("s", "Scale", "y", "z", `bottom: "gate"`)]],
  ["a bottom beside the norm's", [norm, `layer { name: "s" type: "Scale" bottom: "gate" bottom: "y" top: "z" }`]],
  ["a layer in place between", [norm, layer("r", "ReLU", "y", "y"), scale]],
  ["the top of another layer", [norm, layer("s", "Scale", "x", "z")]],
  ["nothing", [norm]],
])("is none: %s", (_, layers) => {
  expect(behind(layers)).toBeUndefined();
});

test("an axis from the end is that of the channels only if the number of axes is known", () => {
  const last = (axis: number) => [norm, layer("scale", "Scale", "y", "z", `scale_param { axis: ${axis} }`)];
  expect([undefined, 2, 3, 4].map((rank) => behind(last(-3), rank))).toEqual([
    undefined,
    undefined,
    undefined,
    "scale",
  ]);
  expect([undefined, 2, 4].map((rank) => behind(last(-1), rank))).toEqual([undefined, "scale", undefined]);
});
