// No gradient: it has no bottoms and no parameters.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { localRanks } from "../../../test/local-ranks.js";
import { type NetSetup, netFromText } from "../../../test/nets.js";
import { oneRank } from "../../core/communicator.js";
import type { Net } from "../../core/net.js";
import { createImages } from "../../platform/node/index.js";
import { BlobProtoSchema, BlobShapeSchema } from "../../proto/gen/caffe_pb.js";
import { Random } from "../../util/random.js";

const folder = mkdtempSync(join(tmpdir(), "moka-windows-"));
afterAll(() => rmSync(folder, { recursive: true }));

const images = createImages();

/** Two pictures of 6×8; values tell their place: blue 10·row + column, green 100 more, red 200 + which picture. */
beforeAll(async () => {
  for (const n of [0, 1]) {
    const data = Uint8Array.from({ length: 144 }, (_, i) => {
      const place = 10 * Math.floor(i / 24) + (Math.floor(i / 3) % 8);
      return [place, 100 + place, 200 + n][i % 3];
    });
    writeFileSync(join(folder, `${n}.png`), await images.encode({ width: 8, height: 6, channels: 3, data }, "png"));
  }
});

const head = (n: number, windows: number) => `# ${n}\n${n}.png\n3 6 8\n${windows}\n`;

/** Three objects, four windows of background, one between both; all of 2×2. */
const windows =
  `${head(0, 4)}5 0.8 0 0 1 1\n7 0.9 6 4 7 5\n5 0.1 2 2 3 3\n5 0.3 4 4 5 5\n` +
  `${head(1, 4)}9 0.5 3 1 4 2\n9 0.05 0 0 1 1\n9 0 2 0 3 1\n9 0.19 5 3 6 4\n`;

function windowFile(name: string, text = windows): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const layer = (source: string, param: string, transform = "crop_size: 2") =>
  `layer { name: "layer" type: "WindowData" top: "data" top: "label" window_data_param { source: "${source}" ` +
  `root_folder: "${folder}/" bg_threshold: 0.2 ${param} } transform_param { ${transform} } }`;

async function withNet<T>(text: string, setup: NetSetup, work: (net: Net) => Promise<T>): Promise<T> {
  const net = await netFromText(text, setup);
  try {
    return await work(net);
  } finally {
    await net.dispose();
  }
}

/** Label, picture and upper left place of each window of a batch. */
async function drawn(net: Net): Promise<number[][]> {
  const { data, label } = await net.forward();
  const size = data.length / label.length;
  return Array.from(label, (each, n) => [each, data[(n + 1) * size - 1] - 200, data[n * size]]);
}

const objects = [
  [5, 0, 0],
  [7, 0, 46],
  [9, 1, 13],
];
const background = [
  [0, 0, 22],
  [0, 1, 0],
  [0, 1, 2],
  [0, 1, 35],
];

test("draws windows, background first, as Caffe draws: an index, then whether it is mirrored", async () => {
  const text = layer(windowFile("a.txt"), "batch_size: 8 fg_fraction: 0.4", "crop_size: 2 mirror: true");
  for (const phase of ["TRAIN", "TEST"] as const) {
    await withNet(text, { seed: 4, phase }, async (net) => {
      expect(net.blobs.get("data")?.shape).toEqual([8, 3, 2, 2]);
      const run = new Random(4);
      run.next(); // of the transformer, which mirrors
      const chooser = run.fork();
      for (let batch = 0; batch < 4; batch++) {
        const wanted = Array.from({ length: 8 }, (_, i) => {
          const kind = i < 5 ? background : objects; // 8 · 0.4 = 3.2
          const [label, picture, place] = kind[chooser.next() % kind.length];
          return [label, picture, place + (chooser.next() % 2)];
        });
        expect(await drawn(net)).toEqual(wanted);
      }
    });
  }
});

test("moves the run's generator as Caffe does: windows' seed, and twice the transformer's where it needs one", async () => {
  const dense =
    'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" ' +
    'inner_product_param { num_output: 1 weight_filler { type: "uniform" } } }';
  for (const [phase, draws] of [
    ["TRAIN", 4],
    ["TEST", 2],
  ] as const) {
    const random = new Random(3);
    for (let i = 0; i < draws; i++) random.next();
    const wanted = new Float32Array(12);
    random.uniform(wanted, 0, 1);
    await withNet(layer(windowFile("a.txt"), "batch_size: 1") + dense, { seed: 3, phase }, async (net) => {
      expect(net.params.get("ip")?.[0].data).toEqual(wanted);
    });
  }
});

describe("values", () => {
  const one = () => windowFile("one.txt", `${head(0, 2)}1 1 2 1 3 2\n0 0 2 1 3 2\n`);
  const first = (text: string) => withNet(text, {}, async (net) => [...(await net.forward()).data.subarray(0, 12)]);

  test("lose a mean value, and are scaled by window_data_param.scale alone", async () => {
    const text = layer(
      one(),
      "batch_size: 2 scale: 0.5",
      "crop_size: 2 scale: 7 mean_value: 2 mean_value: 100 mean_value: 200",
    );
    expect(await first(text)).toEqual([5, 5.5, 10, 10.5, 6, 6.5, 11, 11.5, 0, 0, 0, 0]);
    const single = layer(one(), "batch_size: 2", "crop_size: 2 mean_value: 10");
    expect((await first(single)).slice(0, 4)).toEqual([2, 3, 12, 13]);
  });

  test("lose the middle of the mean image", async () => {
    const shape = create(BlobShapeSchema, { dim: [1n, 3n, 4n, 4n] });
    const data = Array.from({ length: 48 }, (_, i) => i);
    writeFileSync(
      join(folder, "mean.binaryproto"),
      toBinary(BlobProtoSchema, create(BlobProtoSchema, { shape, data })),
    );
    const text = layer(one(), "batch_size: 2", `crop_size: 2 mean_file: "${folder}/mean.binaryproto"`);
    expect((await first(text)).slice(0, 8)).toEqual([
      12 - 5,
      13 - 6,
      22 - 9,
      23 - 10,
      112 - 21,
      113 - 22,
      122 - 25,
      123 - 26,
    ]);
    await expect(
      first(layer(one(), "batch_size: 2", `crop_size: 5 mean_file: "${folder}/mean.binaryproto"`)),
    ).rejects.toThrow(/transform_param.mean_file is 3×4×4, too small for 3×5×5$/);
  });

  test("are 0, whatever the mean, beyond the image", async () => {
    const corner = windowFile("corner.txt", `${head(0, 2)}1 1 0 0 1 1\n0 0 0 0 1 1\n`);
    const text = layer(corner, "batch_size: 2 context_pad: 1", "crop_size: 4 mean_value: 50");
    const data = await withNet(text, {}, async (net) => [...(await net.forward()).data.subarray(0, 16)]);
    expect(data.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect([data[4], data[8], data[12]]).toEqual([0, 0, 0]);
    expect(data[5]).toBeLessThan(-30);
  });

  test("are the same from files kept in memory", async () => {
    const text = layer(
      windowFile("a.txt"),
      "batch_size: 8 context_pad: 1 crop_mode: 'square'",
      "crop_size: 5 mirror: true",
    );
    const forwards = (prototxt: string) =>
      withNet(prototxt, {}, async (net) => [await net.forward(), await net.forward(), await net.forward()]);
    expect(await forwards(text.replace("batch_size", "cache_images: true batch_size"))).toEqual(await forwards(text));
  });
});

test("a saved state gives the batches that would have come", async () => {
  const text = layer(windowFile("a.txt"), "batch_size: 6", "crop_size: 2 mirror: true");
  const batches = async (net: Net) => [await drawn(net), await drawn(net), await drawn(net)];
  const state = await withNet(text, { seed: 1 }, async (net) => {
    await batches(net);
    const saved = JSON.parse(JSON.stringify(net.layers[0].saveState?.()));
    return { saved, wanted: await batches(net) };
  });
  await withNet(text, { seed: 2 }, async (net) => {
    await drawn(net);
    await net.layers[0].restoreState?.(state.saved);
    expect(await batches(net)).toEqual(state.wanted);
    await expect(async () => net.layers[0].restoreState?.({ position: 3 })).rejects.toThrow(
      /layer "layer" \(WindowData\)/,
    );
  });
});

describe("on several ranks", () => {
  const text = () => layer(windowFile("a.txt"), "batch_size: 6 fg_fraction: 0.5", "crop_size: 2 mirror: true");
  const netsOf = (size: number, phase: "TRAIN" | "TEST", seed = 4) =>
    Promise.all(
      localRanks(size).map((communicator) => netFromText(text(), { seed, phase, ranks: { ...oneRank, communicator } })),
    );
  /** The batches of all ranks in turn. */
  const turns = async (nets: readonly Net[], rounds: number) => {
    const all: number[][][] = [];
    for (let t = 0; t < rounds; t++) for (const net of nets) all.push(await drawn(net));
    return all;
  };
  const dispose = (nets: readonly Net[]) => Promise.all(nets.map((net) => net.dispose()));

  test.each(["TRAIN", "TEST"] as const)(
    "whole batches go to the ranks in turn in %s, also after a change of their number",
    async (phase) => {
      const one = await netsOf(1, phase);
      const wanted = await turns(one, 40);
      expect(new Set(wanted.map(String)).size).toBeGreaterThan(30);
      for (const [size, other] of [
        [2, 3],
        [3, 1],
        [4, 2],
      ]) {
        const nets = await netsOf(size, phase);
        expect(await turns(nets, 3)).toEqual(wanted.slice(0, 3 * size));
        const states = nets.map((net) => JSON.parse(JSON.stringify(net.layers[0].saveState?.())));
        const later = wanted.slice(3 * size);
        const [again, others] = [await netsOf(size, phase, 5), await netsOf(other, phase, 5)];
        for (const [rank, net] of again.entries()) await net.layers[0].restoreState?.(states[rank]);
        expect(await turns(again, 3)).toEqual(later.slice(0, 3 * size));
        for (const [rank, net] of others.entries()) await net.layers[0].restoreShare?.(states[0], states[rank]);
        expect(await turns(others, 3)).toEqual(later.slice(0, 3 * other));
        await dispose([...nets, ...again, ...others]);
      }
      await dispose(one);
    },
  );
});

describe("errors", () => {
  const fails = (text: string) => expect(withNet(text, {}, (net) => net.forward())).rejects;

  test("what is not given, or makes no sense", async () => {
    await fails(layer("", "batch_size: 1")).toThrow(/window_data_param.source must be given$/);
    await fails(layer("x", "")).toThrow(/window_data_param.batch_size must be given, and greater than 0$/);
    await fails(layer("x", "batch_size: 1", "")).toThrow(
      /transform_param.crop_size must be given, and greater than 0$/,
    );
    await fails(layer("x", "batch_size: 1 context_pad: 1")).toThrow(
      /context_pad 1 on both sides leaves nothing of transform_param.crop_size 2$/,
    );
    await fails(layer("x", "batch_size: 1 fg_fraction: 1.5")).toThrow(/fg_fraction must be from 0 to 1, not 1.5$/);
    await fails(layer("x", "batch_size: 1", "crop_size: 2 mean_value: 1 mean_value: 2")).toThrow(
      /2 times for 3 channels/,
    );
  });

  test.each([
    ["", /is empty$/],
    ["0.png", /"0.png" where image 0 should begin with #$/],
    ["# 0 0.png 3 6 8 1\n1 1 0 0 1", /ends where y2 of window 0 of image 0 should stand$/],
    ["# 0 0.png 3 6 8 1\n1 high 0 0 1 1", /"high" where the overlap of window 0 of image 0 should stand$/],
    ["# 0 0.png 3 6 8 1\n1 1 0.5 0 1 1", /0.5 where x1 of window 0 of image 0 should stand, a whole number$/],
    ["# 0 0.png 3 6 8 1\n0 1 0 0 1 1", /window 0 of image 0 shows an object, but its label is 0$/],
    ["# 3 0.png 3 6 8 1\n1 1 0 0 1 1", /image 3 of 1, from 0$/],
    ["# 0 0.png 3 6 8 1\n1 1 0 0 1 1", /has no window with an overlap below bg_threshold, and batches/],
    ["# 0 0.png 3 6 8 1\n1 0 0 0 1 1", /has no window with an overlap of fg_threshold or more, and batches/],
    ["# 0 0.png 1 6 8 2\n1 1 0 0 1 1\n0 0 0 0 1 1", /has images of 1 channels; they are read in 3$/],
  ])("a window file %j", async (text, message) => {
    await fails(layer(windowFile("wrong.txt", text), "batch_size: 1")).toThrow(message);
  });

  test("a window that is not in its image, and an image that is missing", async () => {
    const beyond = windowFile("beyond.txt", `${head(0, 2)}1 1 7 5 8 6\n0 0 7 5 8 6\n`);
    await fails(layer(beyond, "batch_size: 2")).toThrow(
      /layer "layer" \(WindowData\): window 7 5 8 6 of 0.png: does not lie in an image of 6×8$/,
    );
    const missing = windowFile("missing.txt", windows.replaceAll(".png", ".jpg"));
    await fails(layer(missing, "batch_size: 2")).toThrow(
      /layer "layer" \(WindowData\): cannot read \S+.jpg: no such file/,
    );
  });
});

testContract("WindowData", {
  tops: ["data", "label"],
  param:
    'window_data_param { source: "../../../conformance/images/windows.txt" batch_size: 4 context_pad: 1 } ' +
    "transform_param { crop_size: 5 mirror: true }",
  changes: ["TRAIN", "TEST"],
});
