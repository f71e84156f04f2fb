import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { drawNet } from "./draw-net.js";

const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);

const block = `name: "a block"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 3 kernel_size: 3 pad: 1 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "conv" top: "sum" }
layer { name: "own" type: "Own<&>" bottom: "sum" top: "own" }
layer { name: "loss" type: "EuclideanLoss" bottom: "own" bottom: "sum" top: "loss" include { phase: TRAIN } }`;

test("shows layers, parameters, shapes as far as they are known, and phases", async () => {
  const svg = await drawNet(block);
  expect(texts(svg)).toEqual(
    expect.arrayContaining([
      "a block",
      "conv",
      "Convolution · 3 · 3×3 · pad 1",
      "ReLU",
      "2×3×8×8",
      "Eltwise · sum",
      "Own&lt;&amp;&gt;",
      "EuclideanLoss · only TRAIN",
    ]),
  );
  expect(texts(await drawNet(block, { phase: "TEST" }))).not.toContain("EuclideanLoss · only TRAIN");
  expect(svg).not.toMatch(/NaN|undefined/);
});

/** The pixels of an image. */
const sizeOf = (svg: string) => /width="(\d+)" height="(\d+)"/.exec(svg)?.slice(1).map(Number) as [number, number];

test("rankdir sets the direction: down or to the right", async () => {
  const [width, height] = sizeOf(await drawNet(block, { rankdir: "TB" }));
  const [widthLr, heightLr] = sizeOf(await drawNet(block, { rankdir: "LR" }));
  expect(height).toBeGreaterThan(width);
  expect(widthLr).toBeGreaterThan(heightLr);
});

test("what cannot be read is logged, the rest is drawn", async () => {
  const told: string[] = [];
  const net = 'layer { name: "p" type: "Pooling" bottom: "x" top: "y"\npooling_param { pool: AVE_EXC } }';
  const svg = await drawNet(net, { log: (severity, _, message) => void told.push(`${severity}: ${message}`) });
  expect(texts(svg)).toEqual(expect.arrayContaining(["p", "x", "y"]));
  expect(told).toEqual([expect.stringMatching(/^error: <text>:2:\d+: .*AVE_EXC/)]);
  await expect(drawNet("name: 'x'\n")).rejects.toThrow("no layers to draw");
  await expect(drawNet("name: {\n")).rejects.toThrow(expect.objectContaining({ code: "MOKA_PARSE" }));
});

const corpus = fileURLToPath(new URL("../../../shared/corpus/prototxt/", import.meta.url));
const nets = ((): string[] => {
  try {
    const names = readdirSync(corpus).filter((name) => /googlenet|lenet|resnet/i.test(name));
    return names.filter((name) => !/base_lr/.test(readFileSync(`${corpus}${name}`, "utf8")));
  } catch {
    return [];
  }
})();

test.skipIf(nets.length === 0)(
  nets.length > 0 ? "nets found in the wild are drawn" : "nets found in the wild (skipped: no ../shared/corpus)",
  async () => {
    for (const name of nets.slice(0, 12)) {
      const svg = await drawNet(`${corpus}${name}`);
      expect(svg, name).not.toMatch(/NaN|undefined/);
      expect(svg.match(/<g>/g)?.length, name).toBeGreaterThan(3);
    }
  },
);
