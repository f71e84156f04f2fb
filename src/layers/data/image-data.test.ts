// No gradient: it has no bottoms and no parameters.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { type NetSetup, netFromText } from "../../../test/nets.js";
import { summarize } from "../../api/summary.js";
import type { Net } from "../../core/net.js";
import { parseImageList } from "../../data/sources/image-list.js";
import { createImages } from "../../platform/node/index.js";
import { Random } from "../../util/random.js";

const folder = mkdtempSync(join(tmpdir(), "moka-images-"));
afterAll(() => rmSync(folder, { recursive: true }));

const images = createImages();

/** Twelve pictures of 2×3, `0.png` to `11.png`; all blue values of picture n are n, green 100 + n, red 200 + n. */
const count = 12;
beforeAll(async () => {
  for (let n = 0; n < count; n++) {
    const data = Uint8Array.from({ length: 18 }, (_, i) => 100 * (i % 3) + n);
    writeFileSync(join(folder, `${n}.png`), await images.encode({ width: 3, height: 2, channels: 3, data }, "png"));
  }
  const places = Uint8Array.from({ length: 20 }, (_, i) => 10 * Math.floor(i / 5) + (i % 5));
  const picture = { width: 5, height: 4, channels: 1, data: places };
  writeFileSync(join(folder, "places.png"), await images.encode(picture, "png"));
  list(
    "all.txt",
    Array.from({ length: count }, (_, n) => `${n}.png ${10 * n}`),
  );
});

function list(name: string, lines: readonly string[]): string {
  writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
  return join(folder, name);
}

const layer = (source: string, param: string, more = "") =>
  `layer { name: "layer" type: "ImageData" top: "data" top: "label" ` +
  `image_data_param { source: "${source}" root_folder: "${folder}/" ${param} } ${more} }`;

async function withNet<T>(text: string, setup: NetSetup, work: (net: Net) => Promise<T>): Promise<T> {
  const net = await netFromText(text, setup);
  try {
    return await work(net);
  } finally {
    await net.dispose();
  }
}

/** The numbers of the pictures in some batches, told by their first blue value. */
const numbers = async (net: Net, forwards: number) => {
  const all: number[][] = [];
  for (let i = 0; i < forwards; i++) {
    const { data, label } = await net.forward();
    const size = data.length / label.length;
    all.push(Array.from(label, (_, n) => data[n * size]));
    expect([...label]).toEqual(all[i].map((n) => 10 * n));
  }
  return all;
};

const all = () => join(folder, "all.txt");

test("gives the pictures of a list in its order, channel by channel, blue first, over and over", async () => {
  await withNet(layer(all(), "batch_size: 5"), {}, async (net) => {
    expect(net.blobs.get("data")?.shape).toEqual([5, 3, 2, 3]);
    expect(net.blobs.get("label")?.shape).toEqual([5]);
    expect(await numbers(net, 3)).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 9],
      [10, 11, 0, 1, 2],
    ]);
    const { data } = await net.forward();
    expect([...data.subarray(0, 18)]).toEqual([...Array(6).fill(3), ...Array(6).fill(103), ...Array(6).fill(203)]);
  });
});

test("reads gray, resizes as OpenCV does, and transforms", async () => {
  const source = list("places.txt", ["places.png -1"]);
  await withNet(layer(source, "is_color: false"), {}, async (net) => {
    expect(net.blobs.get("data")?.shape).toEqual([1, 1, 4, 5]);
    const { data, label } = await net.forward();
    expect([...data.subarray(0, 7)]).toEqual([0, 1, 2, 3, 4, 10, 11]);
    expect([...label]).toEqual([-1]);
  });
  await withNet(layer(source, "is_color: false new_height: 2 new_width: 5"), {}, async (net) => {
    expect([...(await net.forward()).data]).toEqual([5, 6, 7, 8, 9, 25, 26, 27, 28, 29]);
  });
  const more = "transform_param { crop_size: 2 mean_value: 1 scale: 2 }";
  await withNet(layer(source, "batch_size: 2", more), { phase: "TEST" }, async (net) => {
    expect(net.blobs.get("data")?.shape).toEqual([2, 3, 2, 2]);
    const crop = [11, 12, 21, 22].map((value) => 2 * (value - 1));
    expect([...(await net.forward()).data]).toEqual(Array(6).fill(crop).flat());
  });
});

test("takes the shape of each batch from its first picture", async () => {
  const source = list("sizes.txt", ["0.png 0", "places.png 1"]);
  await withNet(layer(source, ""), {}, async (net) => {
    for (const shape of [
      [1, 3, 2, 3],
      [1, 3, 4, 5],
      [1, 3, 2, 3],
    ]) {
      await net.forward();
      expect(net.blobs.get("data")?.shape).toEqual(shape);
    }
  });
  await expect(withNet(layer(source, "batch_size: 2"), {}, (net) => net.forward())).rejects.toThrow(
    /layer "layer" \(ImageData\): places.png: an image of shape 3 4 5 \(60\), but its batch began with 3 2 3 \(18\); images of different sizes need image_data_param.new_height and new_width, /,
  );
});

describe("shuffle and rand_skip", () => {
  /** As Caffe draws: the transformer's seed twice where it needs one, the shuffling generator's seed between them. */
  const orders = (seed: number, needsTransformer: boolean) => {
    const run = new Random(seed);
    if (needsTransformer) run.next();
    const shuffling = run.fork();
    const order = Array.from({ length: count }, (_, n) => n);
    return [0, 1, 2].map(() => {
      shuffling.shuffle(order);
      return [...order];
    });
  };

  test.each([
    [1, ""],
    [2, "transform_param { mirror: true }"],
  ])("shuffles with a generator of its own, each time round what came out before (seed %i)", async (seed, more) => {
    await withNet(layer(all(), "batch_size: 12 shuffle: true", more), { seed }, async (net) => {
      expect(await numbers(net, 3)).toEqual(orders(seed, more !== ""));
    });
  });

  test("skips as many as the run's generator says, once", async () => {
    const skip = new Random(5).below(9);
    await withNet(layer(all(), "batch_size: 12 rand_skip: 9"), { seed: 5 }, async (net) => {
      const order = Array.from({ length: 36 }, (_, i) => (i + skip) % count);
      expect((await numbers(net, 3)).flat()).toEqual(order);
    });
    await expect(withNet(layer(list("one.txt", ["0.png 0"]), "rand_skip: 1000"), {}, async () => {})).rejects.toThrow(
      /image_data_param.rand_skip: \d+ images to skip of 1$/,
    );
  });

  test("moves the run's generator as Caffe does, so that the weights behind it are Caffe's", async () => {
    const dense =
      'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" ' +
      'inner_product_param { num_output: 1 weight_filler { type: "uniform" } } }';
    for (const [param, more, draws] of [
      ["", "", 1],
      ["shuffle: true", "", 2],
      ["shuffle: true rand_skip: 3", "transform_param { mirror: true }", 5],
    ] as const) {
      const random = new Random(3);
      for (let i = 0; i < draws; i++) random.next();
      const wanted = new Float32Array(18);
      random.uniform(wanted, 0, 1);
      await withNet(layer(all(), param, more) + dense, { seed: 3 }, async (net) => {
        expect(net.params.get("ip")?.[0].data).toEqual(wanted);
      });
    }
  });
});

test("a saved state gives the batches that would have come", async () => {
  const text = layer(
    all(),
    "batch_size: 5 shuffle: true",
    "transform_param { mirror: true } data_param { prefetch: 6 }",
  );
  const state = await withNet(text, { seed: 8 }, async (net) => {
    await numbers(net, 4);
    const saved = JSON.parse(JSON.stringify(net.layers[0].saveState?.()));
    return { saved, wanted: await numbers(net, 6) };
  });
  await withNet(text, { seed: 9 }, async (net) => {
    await numbers(net, 1);
    await net.layers[0].restoreState?.(state.saved);
    expect(await numbers(net, 6)).toEqual(state.wanted);
    const { position } = state.saved;
    for (const wrong of [
      undefined,
      { ...position, line: 12 },
      { ...position, shuffled: { ...position.shuffled, order: position.shuffled.order.with(0, 12) } },
      { ...position, shuffled: { ...position.shuffled, order: position.shuffled.order.slice(1) } },
      { line: 0 },
      // Moka 0.1.0 counted rounds, and shuffled as often to resume.
      { seed: 1, round: 2 ** 32, line: 0 },
    ]) {
      await expect(async () => net.layers[0].restoreState?.({ ...state.saved, position: wrong })).rejects.toMatchObject(
        { code: "MOKA_DATA" },
      );
    }
  });
});

test("looks for pictures beside the list and the prototxt too", async () => {
  mkdirSync(join(folder, "nets"));
  const text = `layer { name: "layer" type: "ImageData" top: "data" top: "label" image_data_param { source: "../all.txt" } }`;
  await withNet(text, { file: join(folder, "nets", "net.prototxt") }, async (net) => {
    expect(await numbers(net, 2)).toEqual([[0], [1]]);
  });
});

describe("a list", () => {
  const read = (text: string) => parseImageList(text, "list.txt");

  test("has a name, which may have blanks, and a label on each line", () => {
    expect(read("a b.jpg 3\r\nc.jpg -2\n \t\nd.jpg\t\t7\n\ne 1.jpg  +9 \t\n f.jpg 0  \n\n")).toEqual([
      { file: "a b.jpg", label: 3 },
      { file: "c.jpg", label: -2 },
      undefined,
      { file: "d.jpg", label: 7 },
      undefined,
      { file: "e 1.jpg", label: 9 },
      { file: " f.jpg", label: 0 },
    ]);
  });

  test.each([
    "b.png",
    "b.png 1.5",
    "b.png cat",
    "b.png,9",
    "b.png 7x",
    " 7",
    "b.png 2147483648",
    "b.png 0x1f",
    "b.png 1e3",
  ])("refuses the line %s, and says where it is", (line) => {
    expect(() => read(`a.png 1\n\n${line}\n`)).toThrow(
      `list.txt:3:1: expected a file, a space and a label, a whole number; came ${JSON.stringify(line)}`,
    );
  });

  test("is read in proportion to its length", () => {
    const blanks = " ".repeat(200_000);
    expect(() => read(`a${blanks}b`)).toThrow("list.txt:1:1");
    expect(read(`a.png 1${blanks}\n${"\n".repeat(200_000)}b.png 2`).length).toBe(200_002);
  });

  test("of the cases: labels that are none are errors, and blanks no part of a name", async () => {
    const cases = fileURLToPath(new URL("../../../test/cases/image-lists/", import.meta.url));
    const load = (name: string) => {
      const source = `source: "${cases}${name}.txt" batch_size: 2 new_height: 6 new_width: 8`;
      const text = `layer { name: "layer" type: "ImageData" top: "data" top: "label" image_data_param { ${source} } }`;
      return withNet(text, {}, (net) => net.forward());
    };
    for (const [name, line] of [
      ["flabel", "rgb.png 1.5"],
      ["strlabel", "rgb.png cat"],
      ["nolabel", "rgb.png"],
      ["comma", "rgb.png,9"],
    ]) {
      await expect(load(name ?? ""), name).rejects.toThrow(
        `${cases}${name}.txt:1:1: layer "layer" (ImageData): expected a file, a space and a label, a whole number; came "${line}"`,
      );
    }
    await expect(load("slash"), "slash").rejects.toThrow("cannot read /rgb.png: no such file"); // not beside the list
    expect([...((await load("tab"))["label"] ?? [])]).toEqual([9, 0]);
    expect([...((await load("trail"))["label"] ?? [])]).toEqual([9, 0]);
  });

  test("may be longer than what is read for shapes", async () => {
    const long = list("long.txt", ["0.png 0", ...Array.from({ length: 9000 }, () => "ä.png 1")]);
    const { layers } = await summarize(`${layer(long, "batch_size: 3")}\n`);
    expect(layers[0]?.tops[0]?.shape).toEqual([3, 3, 2, 3]);
  });

  test("may have blank lines, which are left out with a warning", async () => {
    const told: string[] = [];
    const log = (severity: string, _: string, message: string) => void (severity === "warning" && told.push(message));
    const blank = list("blank.txt", ["0.png 0", "", "", "1.png 1"]);
    await withNet(layer(blank, "batch_size: 2"), { log }, async (net) => {
      expect([...((await net.forward())["label"] ?? [])]).toEqual([0, 1]);
    });
    expect(told).toEqual([`${blank}: 2 blank lines are left out, the first is line 2`]);
  });
});

describe("errors", () => {
  const fails = (text: string) => expect(withNet(text, {}, (net) => net.forward())).rejects;

  test("what is not given, or only half", async () => {
    await fails(layer("", "")).toThrow(/image_data_param.source must be given$/);
    await fails(layer(all(), "batch_size: 0")).toThrow(/image_data_param.batch_size must be greater than 0$/);
    await fails(layer(all(), "new_width: 3")).toThrow(/needs both new_height and new_width, or neither$/);
    await fails(layer(list("empty.txt", ["", ""]), "")).toThrow(/empty.txt: the list is empty$/);
  });

  test("a picture that is missing or none, when its batch comes", async () => {
    await fails(layer(list("missing.txt", ["none.png 1"]), "")).toThrow(
      /^<text>:1:1: layer "layer" \(ImageData\): cannot read \S+none.png: no such file/,
    );
    await fails(layer(list("text.txt", ["all.txt 1"]), "")).toThrow(
      /layer "layer" \(ImageData\): all.txt: no image of a kind that is read/,
    );
    const later = layer(list("later.txt", ["0.png 0", "1.png 10", "none.png 1"]), "");
    await withNet(later, {}, async (net) => {
      expect(await numbers(net, 2)).toEqual([[0], [1]]);
      await expect(net.forward()).rejects.toThrow(/cannot read \S+none.png/);
    });
  });
});

// The matrix is whatever is square.
testContract("ImageData", {
  tops: ["data", "label"],
  param:
    'image_data_param { source: "../../../conformance/images/list.txt" batch_size: 2 } ' +
    "transform_param { mirror: true }",
  changes: ["TRAIN", "TEST"],
});
