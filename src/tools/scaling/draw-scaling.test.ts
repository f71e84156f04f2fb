import { expect, test } from "vitest";
import { drawScaling } from "./draw-scaling.js";
import type { Prediction } from "./predict.js";

const prediction = (ranks: number, efficiency: number): Prediction => ({
  ...{ ranks, hosts: ranks, batch: 32, seconds: 0.1 / efficiency, compute: 0.1, efficiency },
  ...{ imagesPerSecond: 320 * ranks * efficiency, sending: 0.05, blocked: 0, hidden: 0.5, limit: "bandwidth" },
  ...{ algorithm: "ring", bandwidthFor90: 1e9, speedFor90: 2 },
});

test("three panels over ranks that double, each with what is ideal", () => {
  const svg = drawScaling("Net <1>", [prediction(1, 1), prediction(4, 0.9), prediction(16, 0.7)]);
  expect(svg).toContain("<title>Net &lt;1&gt;</title>");
  const texts = [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
  for (const tick of ["1", "2", "4", "8", "16"])
    expect(texts.filter((text) => text === tick).length).toBeGreaterThanOrEqual(3);
  expect(texts).toContain("in proportion to ranks");
  expect(texts).toContain("if messages took no time");
  // Equal factors have equal distances: the middle point of 1, 4, 16 lies in the middle.
  const circles = new Set([...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x)));
  for (const x of [72, 472, 872]) expect(circles).toContain(x);
});

test("many images a second are counted in thousands; one number of ranks can be drawn", () => {
  expect(drawScaling("net", [prediction(1, 1), prediction(1024, 1)])).toContain(">1000 images a second");
  expect(drawScaling("net", [prediction(8, 0.9)])).toContain(">images a second");
  expect(drawScaling("net", [prediction(8, 0.9)])).not.toMatch(/NaN|Infinity/);
});
