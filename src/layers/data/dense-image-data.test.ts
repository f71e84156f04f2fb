// Numbers: worked out by hand, by the rules of the fork's code.
// No gradient: it has no bottoms and no parameters. Numbers: by hand.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { type NetSetup, netFromText } from "../../../test/nets.js";
import type { Net } from "../../core/net.js";
import { createImages } from "../../platform/node/index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-dense-"));
afterAll(() => rmSync(folder, { recursive: true }));
const images = createImages();

/** Gray pictures of 3×4, `0.png` to `3.png`: each value of picture n is 20 n + its place; its label is that + 100. */
for (let n = 0; n < 4; n++) {
  for (const [name, more] of [
    [`${n}.png`, 0],
    [`label${n}.png`, 100],
  ] as const) {
    const data = Uint8Array.from({ length: 12 }, (_, i) => 20 * n + i + more);
    writeFileSync(join(folder, name), await images.encode({ width: 4, height: 3, channels: 1, data }, "png"));
  }
}
const small = { width: 2, height: 2, channels: 1, data: new Uint8Array(4) };
writeFileSync(join(folder, "small.png"), await images.encode(small, "png"));

function list(name: string, lines: readonly string[]): string {
  writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
  return join(folder, name);
}

const all = list(
  "all.txt",
  [0, 1, 2, 3].map((n) => `${n}.png label${n}.png`),
);
const layer = (param: string, source = all, more = "") =>
  `layer { name: "layer" type: "DenseImageData" top: "data" top: "label" ` +
  `dense_image_data_param { source: "${source}" root_folder: "${folder}/" is_color: false ${param} } ${more} }`;

async function withNet<T>(text: string, work: (net: Net) => Promise<T>, setup: NetSetup = {}): Promise<T> {
  const net = await netFromText(text, setup);
  try {
    return await work(net);
  } finally {
    await net.dispose();
  }
}

test("gives pictures with the classes of their pixels, over and over", async () => {
  await withNet(layer("batch_size: 3"), async (net) => {
    expect(net.blobs.get("data")?.shape).toEqual([3, 1, 3, 4]);
    expect(net.blobs.get("label")?.shape).toEqual([3, 1, 3, 4]);
    const { data = [], label = [] } = await net.forward();
    expect([data[0], data[13], data[35]]).toEqual([0, 21, 51]);
    expect([...label]).toEqual([...data].map((value) => value + 100));
    expect([...((await net.forward())["data"] ?? [])].filter((_, i) => i % 12 === 0)).toEqual([60, 0, 20]);
  });
});

test("mean and scale are for the picture alone", async () => {
  await withNet(layer("batch_size: 1", all, "transform_param { mean_value: 1 scale: 0.5 }"), async (net) => {
    const { data = [], label = [] } = await net.forward();
    expect([data[3], label[3]]).toEqual([1, 103]);
  });
});

test("crop and mirror are the same for both, and at random", async () => {
  await withNet(layer("batch_size: 4 crop_height: 2 crop_width: 3 mirror: true shuffle: true"), async (net) => {
    const seen = new Set<string>();
    for (let i = 0; i < 10; i++) {
      const { data = [], label = [] } = await net.forward();
      expect([...label]).toEqual([...data].map((value) => value + 100));
      for (let n = 0; n < 4; n++) {
        const [first = 0, second = 0] = data.slice(6 * n);
        expect(Math.abs(second - first)).toBe(1);
        seen.add(`${first % 20} ${second - first}`);
      }
    }
    expect(seen.size).toBe(8); // two rows, two columns, mirrored or not
  });
});

test("a saved state continues with the same values", async () => {
  const text = layer("batch_size: 3 crop_height: 2 crop_width: 3 mirror: true shuffle: true");
  const [state, next] = await withNet(text, async (net) => {
    await net.forward();
    const saved = JSON.parse(JSON.stringify(net.layers[0]?.saveState?.()));
    return [saved, await net.forward()] as const;
  });
  await withNet(text, async (net) => {
    await net.layers[0]?.restoreState?.(state);
    const { data, label } = await net.forward();
    expect([[...(data ?? [])], [...(label ?? [])]]).toEqual([[...(next["data"] ?? [])], [...(next["label"] ?? [])]]);
  });
});

test("labels are resized to the nearest value", async () => {
  await withNet(layer("batch_size: 1 new_height: 6 new_width: 8"), async (net) => {
    const { label = [] } = await net.forward();
    expect([...label.slice(0, 8)]).toEqual([100, 100, 101, 101, 102, 102, 103, 103]);
  });
});

describe("errors", () => {
  const fails = (text: string) => expect(withNet(text, (net) => net.forward())).rejects;

  test("fields", async () => {
    await fails(layer("", "")).toThrow(/source must be given$/);
    await fails(layer("batch_size: 0")).toThrow(/batch_size must be greater than 0$/);
    await fails(layer("batch_size: 1 crop_width: 3")).toThrow(/so crop_height and crop_width$/);
    await fails(layer("batch_size: 1", all, "transform_param { mirror: true }")).toThrow(
      /takes no transform_param.mirror/,
    );
    await fails(layer("batch_size: 1", all, "transform_param { crop_h: 2 crop_w: 2 }")).toThrow(/takes no .*crop_h/);
    await fails(layer("batch_size: 1 crop_height: 9 crop_width: 3")).toThrow(/image of 3×4 is smaller than/);
  });

  test("lists and images", async () => {
    await fails(layer("batch_size: 1", list("empty.txt", [""]))).toThrow(/empty.txt: the list is empty$/);
    await fails(layer("batch_size: 1", list("one.txt", ["0.png"]))).toThrow(
      /one.txt:1:1: .*an image and a label image/,
    );
    const other = list("other.txt", ["0.png small.png"]);
    await fails(layer("batch_size: 1", other)).toThrow(
      /label image small.png is of 2×2, its image 3×4; both must have/,
    );
    await fails(layer("batch_size: 1", list("none.txt", ["0.png none.png"]))).toThrow(/cannot read \S+none.png/);
  });
});

testContract("DenseImageData", {
  tops: ["data", "label"],
  param: `dense_image_data_param { source: "${all}" root_folder: "${folder}/" batch_size: 2 mirror: true }`,
  changes: ["TRAIN", "TEST"],
});
