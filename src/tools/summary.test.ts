import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Net, summarize } from "../index.js";
import { parseNet } from "../proto/text/index.js";
import type { SummaryOptions } from "./summary.js";

const input = (name: string, ...dim: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${dim.map((d) => `dim: ${d}`).join(" ")} } } }\n`;
const ip = (name: string, bottom: string, outputs: number, rest = "") =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}" ${rest} inner_product_param { num_output: ${outputs} } }\n`;
const relu = (blob: string) => `layer { name: "relu_${blob}" type: "ReLU" bottom: "${blob}" top: "${blob}" }\n`;

const of = (text: string, options?: SummaryOptions) =>
  summarize(parseNet(text, { file: "net.prototxt" }).message, options);

async function failure(text: string, options?: SummaryOptions): Promise<string> {
  return of(text, options).then(
    () => "no error",
    (error: Error) => error.message,
  );
}

test("each layer's blobs, parameters, multiply-adds and memory, and what they sum up to", async () => {
  const conv =
    'layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 4 kernel_size: 3 stride: 2 pad: 1 group: 2 } }\n';
  const summary = await of(`name: "n"\n${input("x", 2, 6, 8, 8)}${conv}${relu("c")}${ip("f", "c", 5)}`);
  expect(summary.name).toBe("n");
  expect(summary.phase).toBe("TEST");
  expect(
    summary.layers.map(({ name, parameters, multiplyAdds, memory }) => [name, parameters, multiplyAdds, memory]),
  ).toEqual([
    ["x", 0, 0, 4 * 768],
    ["c", 4 * 3 * 9 + 4, 2 * 4 * 16 * 3 * 9, 4 * 128],
    ["relu_c", 0, 0, 0],
    ["f", 5 * 64 + 5, 2 * 5 * 64, 4 * 10],
  ]);
  expect(summary.layers.map(({ group, mayBeInPlace }) => [group, mayBeInPlace])).toEqual([
    ["data", undefined],
    ["vision", undefined],
    ["activation", true],
    ["common", undefined],
  ]);
  expect(summary.layers[1].bottoms).toEqual([{ name: "x", shape: [2, 6, 8, 8] }]);
  expect(summary.layers[1].tops).toEqual([{ name: "c", shape: [2, 4, 4, 4] }]);
  expect(summary.layers[1].params).toEqual([{ shape: [4, 3, 3, 3] }, { shape: [4] }]);
  expect(summary.blobs).toEqual({ x: [2, 6, 8, 8], c: [2, 4, 4, 4], f: [2, 5] });
  expect(summary.totals).toEqual({
    parameters: 112 + 325,
    parameterMemory: 4 * 437,
    multiplyAdds: 3456 + 640,
    memory: 4 * (768 + 128 + 10),
  });
});

test("says the same as the net that is built, in both phases, Splits and losses included", async () => {
  const text = `${input("x", 3, 4)}${input("t", 3)}${ip("a", "x", 7)}${relu("a")}${ip("b", "a", 2, "include { phase: TRAIN }")}${ip("d", "a", 2, "include { phase: TEST }")}
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "PHASE" bottom: "t" }`;
  for (const [phase, blob] of [
    ["TRAIN", "b"],
    ["TEST", "d"],
  ] as const) {
    const net = await Net.load(text.replace("PHASE", blob), { phase, engine: "reference" });
    const summary = await of(text.replace("PHASE", blob), { phase });
    expect(summary.layers.map(({ name, type, tops }) => [name, type, tops.map((top) => top.name)])).toEqual(
      net.layers.map(({ name, type, tops }) => [name, type, [...tops]]),
    );
    expect(Object.entries(summary.blobs)).toEqual([...net.blobs].map(([name, { shape }]) => [name, shape]));
    expect(summary.layers.flatMap(({ params }) => params.map(({ shape }) => shape))).toEqual(
      [...net.params.values()].flatMap((blobs) => blobs.map(({ shape }) => shape)),
    );
    await net.dispose();
  }
});

test("Splits and views have no memory of their own; a Split of the net's own is marked", async () => {
  const text = `${input("x", 2, 3)}${ip("a", "x", 1)}${ip("b", "x", 1)}
    layer { name: "flat" type: "Flatten" bottom: "a" top: "flat" }`;
  const { layers } = await of(text);
  expect(layers.map(({ name, memory, inserted }) => [name, memory, inserted])).toEqual([
    ["x", 24, false],
    ["x_x_0_split", 0, true],
    ["a", 8, false],
    ["b", 8, false],
    ["flat", 0, false],
  ]);
});

test("shared parameters count once, and name their owner", async () => {
  const { layers, totals } = await of(
    input("x", 2, 3) + ip("a", "x", 3, 'param { name: "w" }') + ip("b", "a", 3, 'param { name: "w" }'),
  );
  expect(layers.map(({ parameters }) => parameters)).toEqual([0, 12, 3]);
  expect(layers[2].params).toEqual([{ shape: [3, 3], sharedWith: "a" }, { shape: [3] }]);
  expect(totals.parameters).toBe(15);
});

test("a Concat of one bottom and a Slice with one top are views", async () => {
  const one = (type: string) => `layer { name: "${type}" type: "${type}" bottom: "x" top: "y" }\n`;
  for (const type of ["Concat", "Slice"]) {
    expect((await of(input("x", 2, 6) + one(type))).layers.map(({ memory }) => memory)).toEqual([48, 0]);
  }
});

test("a net far beyond any memory takes none", async () => {
  const { totals } = await of(input("x", 1, 46000) + ip("a", "x", 46000) + ip("b", "a", 46000));
  expect(totals.parameterMemory).toBe(4 * 2 * (46000 * 46000 + 46000));
});

test("an old net is brought up to date", async () => {
  const { layers } = await of(
    'input: "x" input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4 layers { name: "r" type: RELU bottom: "x" top: "x" }',
  );
  expect(layers.map(({ type }) => type)).toEqual(["Input", "ReLU"]);
});

describe("data", () => {
  const data =
    'layer { name: "d" type: "Data" top: "x" top: "l" data_param { source: "nowhere" batch_size: 2 backend: LMDB } }\n';

  test("that is not there can be given by its shapes", async () => {
    const { blobs } = await of(data + ip("a", "x", 5), { shapes: { x: [2, 3, 4, 4], l: [2] } });
    expect(blobs).toEqual({ x: [2, 3, 4, 4], l: [2], a: [2, 5] });
    const { layers, totals } = await of(data + ip("a", "x", 5));
    expect(layers[0].error).toMatch(/nowhere.*; give the shape of "x" and "l"/);
    expect(layers[1]).toMatchObject({ tops: [{ name: "a" }], params: [], unknown: true });
    expect(totals).toMatchObject({ partial: true, parameters: 0, memory: 4 * 2 });
  });

  test("of inputs may have other shapes than the prototxt says", async () => {
    const { blobs } = await of(input("x", 1, 3) + relu("x") + ip("a", "x", 5), { shapes: { x: [8, 4] } });
    expect(blobs).toEqual({ x: [8, 4], a: [8, 5] });
  });
});

test("weights are to fit; who has some is said", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moka-summary-"));
  try {
    const net = await Net.load(input("x", 1, 3) + ip("a", "x", 2), { engine: "reference" });
    const weights = join(folder, "a.caffemodel");
    await net.save(weights);
    await net.dispose();
    const { layers } = await of(input("x", 1, 3) + ip("a", "x", 2) + ip("b", "a", 2), { weights });
    expect(layers.map(({ hasWeights }) => hasWeights)).toEqual([undefined, true, false]);
    expect(await failure(input("x", 1, 4) + ip("a", "x", 2), { weights })).toBe(
      `net.prototxt:2:1: layer "a" (InnerProduct): parameter 0 has shape 2 4 (8), but in ${weights} it has 2 3 (6); ` +
        "to learn it from scratch, rename the layer",
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  [relu("x"), 'net.prototxt:1:1: layer "relu_x" (ReLU): bottom 0 is "x", which no layer above produces'],
  [`${input("x", 1)}layer { name: "r" type: "ReLU" top: "y" }`, 'layer "r" (ReLU): needs exactly 1 bottom, but has 0'],
  [input("x", 1) + ip("a", "x", 0), 'net.prototxt:2:1: layer "a" (InnerProduct): '],
])("what is wrong is said as when the net is built: %s", async (text, message) => {
  expect(await failure(text)).toContain(message);
});

describe("the net", () => {
  const text = `input: "x" input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4
    layers { name: "r" type: RELU bottom: "x" top: "x" }`;

  test("may be a path, a text or a message, of today's form or an older one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "moka-summary-"));
    try {
      writeFileSync(join(folder, "net.prototxt"), text.replaceAll("\n", " "));
      const all = [text, join(folder, "net.prototxt"), parseNet(text).message].map((net) => summarize(net));
      for (const { layers } of await Promise.all(all))
        expect(layers.map(({ type }) => type)).toEqual(["Input", "ReLU"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("that cannot be read is an error with its place", async () => {
    await expect(summarize("/nowhere.prototxt")).rejects.toMatchObject({ code: "MOKA_FILE" });
    await expect(summarize("layer {\n  name: }\n")).rejects.toMatchObject({ code: "MOKA_PARSE", place: { line: 2 } });
  });
});

test("peaks may be left out", async () => {
  const text = input("x", 1, 3) + ip("a", "x", 2);
  expect((await of(text)).peaks.inference?.moka).toBeGreaterThan(0);
  const { peaks, ...rest } = await of(text, { peaks: false });
  expect(peaks).toEqual({});
  expect(await of(text)).toMatchObject(rest);
});

describe("a layer of an unknown type", () => {
  const own =
    "unknown layer type; it is Faster R-CNN's or R-FCN's: give a class of your own, " +
    'Net.load(path, { layers: { "ROIAlign": YourLayer } }), or take it out of the net';
  const roi =
    'layer { name: "roi" type: "ROIAlign" bottom: "a" bottom: "x" top: "roi" }\nlayer { name: "own" type: "Own" bottom: "x" }\n';
  const text = `${input("x", 2, 3)}${ip("a", "x", 4)}${relu("a")}${roi}${ip("f", "roi", 5)}${ip("g", "a", 5)}`;

  test("and what depends on it is marked; the rest is counted", async () => {
    const said: unknown[] = [];
    const { layers, blobs, totals, peaks } = await of(text, { log: (...line) => said.push(line) });
    expect(layers.filter(({ unknown }) => unknown).map(({ name }) => name)).toEqual(["roi", "own", "f"]);
    expect(layers.filter(({ error }) => error).map(({ name, error }) => [name, error])).toEqual([
      ["roi", own],
      ["own", "unknown layer type"],
    ]);
    expect(layers.find(({ name }) => name === "f")).toEqual({
      ...{
        name: "f",
        type: "InnerProduct",
        group: "common",
        bottoms: [{ name: "roi" }],
        tops: [{ name: "f" }],
        unknown: true,
      },
      ...{ params: [], parameters: 0, multiplyAdds: 0, memory: 0, inserted: false },
    });
    expect(Object.keys(blobs)).not.toContain("roi");
    expect(blobs.g).toEqual([2, 5]);
    expect(totals).toEqual({
      partial: true,
      parameters: 16 + 25,
      parameterMemory: 4 * 41,
      multiplyAdds: 2 * 3 * 4 + 2 * 4 * 5,
      memory: 4 * (6 + 8 + 10),
    });
    expect(peaks).toEqual({});
    expect(said.slice(-2)).toEqual([
      ["warning", "", `net.prototxt:4:1: layer "roi" (ROIAlign): ${own}`],
      ["warning", "", 'net.prototxt:5:1: layer "own" (Own): unknown layer type'],
    ]);
  });

  test("makes no mistake elsewhere pass", async () => {
    expect(await failure(text + ip("wrong", "g", 0))).toContain('layer "wrong" (InnerProduct): ');
  });

  test("is no obstacle to weights of the layers that are known", async () => {
    const folder = mkdtempSync(join(tmpdir(), "moka-summary-"));
    try {
      const net = await Net.load(input("x", 2, 3) + ip("a", "x", 4) + ip("f", "x", 5), { engine: "reference" });
      const weights = join(folder, "a.caffemodel");
      await net.save(weights);
      await net.dispose();
      const { layers } = await of(text, { weights });
      expect(layers.filter(({ hasWeights }) => hasWeights).map(({ name }) => name)).toEqual(["a"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("may bring data whose shapes are given", async () => {
    const { layers, totals, peaks } = await of(
      `layer { name: "d" type: "AnnotatedData" top: "d" }\n${ip("a", "d", 2)}`,
      { shapes: { d: [1, 3] } },
    );
    expect(layers.map(({ type, unknown }) => [type, unknown])).toEqual([
      ["AnnotatedData", undefined],
      ["InnerProduct", undefined],
    ]);
    expect(totals).not.toHaveProperty("partial");
    expect(peaks.inference?.moka).toBeGreaterThan(0);
  });

  test("a slip gets the name that was meant", async () => {
    const { layers } = await of(`${input("x", 1)}layer { name: "r" type: "Relu" bottom: "x" top: "y" }`);
    expect(layers[1].error).toBe('unknown layer type; did you mean "ReLU"?');
  });
});
