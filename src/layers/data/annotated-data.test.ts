// Numbers: by hand; images whose values tell their place show what was cropped, expanded and mirrored.
// No gradient: it has no bottoms and no parameters.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { localRanks } from "../../../test/local-ranks.js";
import { type NetSetup, netFromText } from "../../../test/nets.js";
import type { Net } from "../../core/net.js";
import { createDatabase } from "../../data/database.js";
import { recordKey } from "../../data/datum.js";
import { writeLmdb } from "../../data/lmdb/writer.js";
import { createFiles, createImages } from "../../platform/node/index.js";
import { type AnnotatedBox, type DatumValues, writeAnnotatedDatum, writeDatum } from "../../proto/binary/index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-annotated-"));
afterAll(() => rmSync(folder, { recursive: true }));

const box = (label: number, edges: readonly number[], instance = 0, difficult = false): AnnotatedBox => {
  const [xmin = 0, ymin = 0, xmax = 0, ymax = 0] = edges;
  return { label, instance, xmin, ymin, xmax, ymax, difficult };
};

interface Sample {
  readonly datum: DatumValues;
  readonly boxes?: readonly AnnotatedBox[];
  readonly type?: number | undefined;
}

const record = ({ datum, boxes = [], ...rest }: Sample) =>
  writeAnnotatedDatum({ datum, boxes, type: "type" in rest ? rest.type : 0 });

let databases = 0;
function database(samples: readonly (Sample | Uint8Array)[]): string {
  const path = join(folder, `db${databases++}`);
  const records = samples.map((sample, i) => ({
    key: recordKey(i),
    value: sample instanceof Uint8Array ? sample : record(sample),
  }));
  mkdirSync(path);
  writeFileSync(join(path, "data.mdb"), Buffer.concat(writeLmdb(records)));
  return path;
}

/** Three channels: 1 + the column, 1 + the row, and 200. */
function places(height: number, width: number): DatumValues {
  const at = (value: (x: number, y: number) => number) =>
    Array.from({ length: height * width }, (_, i) => value(i % width, Math.floor(i / width)));
  const data = Uint8Array.from([...at((x) => x + 1), ...at((_, y) => y + 1), ...at(() => 200)]);
  return { channels: 3, height, width, data, label: 0, encoded: false };
}

const layer = (source: string, param: string, transform = "", annotated = "", tops = 'top: "data" top: "label"') =>
  `layer { name: "layer" type: "AnnotatedData" ${tops} data_param { backend: LMDB source: "${source}" ${param} } ` +
  `annotated_data_param { ${annotated} } transform_param { ${transform} } }`;

interface Batch {
  readonly data: Float32Array;
  readonly label: Float32Array;
  readonly shape: readonly number[];
  readonly rows: readonly (readonly number[])[];
}

async function next(net: Net): Promise<Batch> {
  const { data, label } = await net.forward();
  const [, , count = 0] = net.blobs.get("label")?.shape ?? [];
  const rows = Array.from({ length: count }, (_, i) => [...label.subarray(8 * i, 8 * i + 8)]);
  return { data, label, shape: net.blobs.get("data")?.shape ?? [], rows };
}

async function batches(text: string, count = 1, setup: NetSetup = {}): Promise<Batch[]> {
  const net = await netFromText(text, setup);
  const all: Batch[] = [];
  for (let i = 0; i < count; i++) all.push(await next(net));
  await net.dispose();
  return all;
}

const fails = (text: string, setup: NetSetup = {}) => expect(batches(text, 1, setup)).rejects;

test("fields of other forks are ignored at any depth, and the log names them", async () => {
  const said: string[] = [];
  const log = (_: string, origin: string, text: string) => void (origin === "moka:0" && said.push(text));
  const transform =
    "resize_param { height: 1 width: 2 jitter: 0.1 } distort_param { exposure_upper: 2 hue_prob: 0 } mean_value: 1";
  const sampler = "batch_sampler { max_sample: 1 sampler { min_scale: 0.9 } }";
  const annotated = `${sampler} yolo_data_type: 1 train_diffcult: true label_map_file: "x"`;
  await batches(
    layer(database([{ datum: image, boxes: [box(1, [0, 0, 1, 1])] }]), "batch_size: 1", transform, annotated),
    1,
    {
      log,
    },
  );
  expect(said).toEqual([
    "layer: ignored, as fields of forks: transform_param.distort_param.exposure_upper, transform_param.resize_param.jitter, " +
      "annotated_data_param.yolo_data_type",
  ]);
});

const close = (rows: readonly (readonly number[])[], wanted: readonly (readonly number[])[]) => {
  expect(rows.length).toBe(wanted.length);
  for (const [i, row] of rows.entries()) {
    for (const [j, value] of row.entries()) expect(value).toBeCloseTo(wanted[i]?.[j] ?? Number.NaN, 6);
  }
};

const image: DatumValues = { channels: 1, height: 1, width: 2, data: Uint8Array.of(10, 20), label: 0, encoded: false };

describe("the boxes of a batch", () => {
  test("are rows of item, class, instance, corners, difficult, in the order of the records", async () => {
    const source = database([
      { datum: image, boxes: [box(3, [0.25, 0, 0.5, 1]), box(1, [0, 0, 1, 0.5], 4, true)] },
      { datum: image },
      { datum: image, boxes: [box(3, [0, 0.25, 0.75, 1])] },
    ]);
    const [first, second] = await batches(layer(source, "batch_size: 3"), 2);
    expect(first?.shape).toEqual([3, 1, 1, 2]);
    expect([...(first?.data ?? [])]).toEqual([10, 20, 10, 20, 10, 20]);
    expect(first?.rows).toEqual([
      [0, 3, 0, 0.25, 0, 0.5, 1, 0],
      [0, 1, 4, 0, 0, 1, 0.5, 1],
      [2, 3, 0, 0, 0.25, 0.75, 1, 0],
    ]);
    expect(second).toEqual(first);
  });

  test("change their number from batch to batch; without any there is one row of -1", async () => {
    const two = [box(1, [0, 0, 0.5, 0.5]), box(2, [0.5, 0.5, 1, 1])];
    const source = database([{ datum: image, boxes: two }, { datum: image }, { datum: image, boxes: two.slice(1) }]);
    const all = await batches(layer(source, "batch_size: 1"), 4);
    expect(all.map(({ rows }) => rows.map(([, label]) => label))).toEqual([[1, 2], [-1], [2], [1, 2]]);
    expect(all[1]?.rows).toEqual([[-1, -1, -1, -1, -1, -1, -1, -1]]);
  });

  test("are clipped to the image; what lies outside or has no area is left out", async () => {
    const boxes = [
      box(1, [-0.5, 0.25, 0.5, 1.5]),
      box(2, [1, 0, 1.5, 1]),
      box(3, [0.5, 0.5, 0.5, 0.75]),
      box(4, [0.75, 0.5, 0.5, 0.75]),
      box(5, [Number.NaN, 0, 1, 1]),
    ];
    const [{ rows } = { rows: [] }] = await batches(layer(database([{ datum: image, boxes }]), "batch_size: 1"));
    expect(rows).toEqual([[0, 1, 0, 0, 0.25, 0.5, 1, 0]]);
  });

  test("need not be asked for; without a type the second top is labels", async () => {
    const untyped = [1, 2].map((label) => ({ datum: { ...image, label }, type: undefined }));
    const [{ label, shape } = { label: [], shape: [] }] = await batches(layer(database(untyped), "batch_size: 2"));
    expect([[...label], shape]).toEqual([
      [1, 2],
      [2, 1, 1, 2],
    ]);
    const net = await netFromText(layer(database(untyped), "batch_size: 2", "", "", 'top: "data"'));
    expect([...(await net.forward()).data]).toEqual([10, 20, 10, 20]);
    await net.dispose();
    const boxed = await batches(layer(database(untyped), "batch_size: 2", "", "anno_type: BBOX"));
    expect(boxed[0]?.rows).toEqual([Array(8).fill(-1)]);
  });
});

describe("transform_param", () => {
  const middle = [box(1, [0.25, 0.25, 0.75, 0.5])];

  test("crops boxes with the image, in TEST in the middle", async () => {
    const source = database([{ datum: places(8, 8), boxes: [...middle, box(2, [0, 0, 0.25, 1])] }]);
    const text = layer(source, "batch_size: 1", "crop_size: 4 mean_value: 1");
    const [{ data, rows } = { data: [], rows: [] }] = await batches(text, 1, { phase: "TEST" });
    expect([...data.slice(0, 4)]).toEqual([2, 3, 4, 5]);
    expect(rows).toEqual([[0, 1, 0, 0, 0, 1, 0.5, 0]]);
    const wide = layer(source, "batch_size: 1", "crop_h: 4 crop_w: 8");
    const [crop] = await batches(wide, 1, { phase: "TEST" });
    expect(crop?.shape).toEqual([1, 3, 4, 8]);
    expect(crop?.rows).toEqual([
      [0, 1, 0, 0.25, 0, 0.75, 0.5, 0],
      [0, 2, 0, 0, 0, 0.25, 1, 0],
    ]);
  });

  test("mirrors boxes with the image", async () => {
    const source = database([{ datum: places(2, 4), boxes: [box(1, [0, 0.25, 0.25, 1])] }]);
    const all = await batches(layer(source, "batch_size: 1", "mirror: true"), 40);
    const seen = all.map(({ data, rows }) => [data[0], ...(rows[0] ?? []).slice(3, 7)].join(" "));
    expect(new Set(seen)).toEqual(new Set(["1 0 0.25 0.25 1", "4 0.75 0.25 1 1"]));
  });

  test("emit_constraint drops boxes of which too little is left", async () => {
    const boxes = [box(1, [0, 0.25, 0.5, 0.75]), box(2, [0.125, 0.25, 0.5, 0.75]), box(3, [0.5, 0.5, 1, 1])];
    const source = database([{ datum: places(8, 8), boxes }]);
    const labels = async (emit: string) => {
      const text = layer(source, "batch_size: 1", `crop_size: 4 emit_constraint { ${emit} }`);
      const [batch] = await batches(text, 1, { phase: "TEST" });
      return batch?.rows.map(([, label]) => label);
    };
    expect(await labels("emit_type: CENTER")).toEqual([1, 2, 3]); // centers on the edge are inside
    expect(await labels("emit_type: MIN_OVERLAP emit_overlap: 0.5")).toEqual([2]);
    expect(await labels("emit_type: MIN_OVERLAP emit_overlap: 0.2")).toEqual([1, 2, 3]);
  });

  const resize = (mode: string, more = "") =>
    `resize_param { height: 30 width: 30 resize_mode: ${mode} interp_mode: NEAREST ${more} }`;
  const boxed = () => database([{ datum: places(20, 40), boxes: [box(1, [0.1, 0.2, 0.7, 0.9])] }]);

  test("WARP moves no box", async () => {
    const [batch] = await batches(layer(boxed(), "batch_size: 1", resize("WARP")));
    expect(batch?.shape).toEqual([1, 3, 30, 30]);
    close(batch?.rows ?? [], [[0, 1, 0, 0.1, 0.2, 0.7, 0.9, 0]]);
    expect([...(batch?.data.slice(0, 4) ?? [])]).toEqual([1, 2, 3, 5]);
  });

  test("FIT_LARGE_SIZE_AND_PAD pads above and below what is wide", async () => {
    const [batch] = await batches(layer(boxed(), "batch_size: 1", resize("FIT_LARGE_SIZE_AND_PAD", "pad_value: 9")));
    close(batch?.rows ?? [], [[0, 1, 0, 0.1, 0.35, 0.7, 0.7, 0]]);
    const column = Array.from({ length: 30 }, (_, y) => batch?.data[900 + 30 * y]);
    expect(column.slice(0, 9)).toEqual([9, 9, 9, 9, 9, 9, 9, 1, 2]);
    expect(column.slice(21)).toEqual([19, 9, 9, 9, 9, 9, 9, 9, 9]);
    const tall = database([{ datum: places(40, 20), boxes: [box(1, [0.2, 0.1, 0.9, 0.7])] }]);
    const mirrored = layer(tall, "batch_size: 1", resize("FIT_LARGE_SIZE_AND_PAD", "pad_mode: MIRRORED"));
    const [other] = await batches(mirrored);
    close(other?.rows ?? [], [[0, 1, 0, 0.35, 0.1, 0.7, 0.7, 0]]);
    expect([...(other?.data.slice(0, 10) ?? [])]).toEqual([10, 9, 7, 6, 5, 3, 2, 1, 2, 3]);
  });

  test("FIT_SMALL_SIZE keeps the ratio of sides, for batches of one", async () => {
    const [batch] = await batches(layer(boxed(), "batch_size: 1", `${resize("FIT_SMALL_SIZE")} crop_size: 30`), 1, {
      phase: "TEST",
    });
    expect(batch?.shape).toEqual([1, 3, 30, 30]);
    close(batch?.rows ?? [], [[0, 1, 0, 0, 0.2, 0.9, 0.9, 0]]);
    const [whole] = await batches(layer(boxed(), "batch_size: 1", resize("FIT_SMALL_SIZE")));
    expect(whole?.shape).toEqual([1, 3, 30, 60]);
    const scales = resize("FIT_SMALL_SIZE", "height_scale: 15 width_scale: 30");
    const [scaled] = await batches(layer(boxed(), "batch_size: 1", scales));
    close(scaled?.rows ?? [], [[0, 1, 0, 0.2, 0.4, 1.4, 1.8, 0]]);
    await fails(layer(boxed(), "batch_size: 2", resize("FIT_SMALL_SIZE"))).toThrow(
      /FIT_SMALL_SIZE.*needs batch_size 1$/,
    );
  });

  test("interp_mode: each is drawn about as often", async () => {
    const modes = "interp_mode: LINEAR interp_mode: NEAREST interp_mode: AREA interp_mode: CUBIC interp_mode: LANCZOS4";
    const data = Uint8Array.from({ length: 600 }, (_, i) => (37 * i + 11 * i * i) % 256);
    const source = database([{ datum: { ...places(10, 20), data } }]);
    const text = layer(source, "batch_size: 1", `resize_param { height: 7 width: 9 ${modes} }`);
    const seen = new Map<string, number>();
    for (const { data } of await batches(text, 200)) seen.set(data.join(), (seen.get(data.join()) ?? 0) + 1);
    expect(seen.size).toBe(5);
    expect(Math.min(...seen.values())).toBeGreaterThan(20);
  });

  test("expand_param puts the image somewhere into a larger one of the mean's color", async () => {
    const source = database([{ datum: places(20, 40), boxes: [box(1, [0.25, 0.5, 0.75, 1])] }]);
    const text = layer(source, "batch_size: 1", "mean_value: 90 expand_param { prob: 0.75 max_expand_ratio: 3 }");
    const all = await batches(text, 60);
    const sizes = new Set(all.map(({ shape }) => shape.join(" ")));
    expect(sizes.size).toBeGreaterThan(25);
    expect(all.filter(({ shape }) => shape[3] === 40).length).toBeGreaterThan(5);
    for (const { data, rows, shape } of all) {
      const [, , height = 0, width = 0] = shape;
      const [x, y] = [data.subarray(0, height * width), data.subarray(height * width, 2 * height * width)];
      const start = x.findIndex((value, i) => value === 1 - 90 && y[i] === 1 - 90);
      const [left, top] = [start % width, Math.floor(start / width)];
      expect([...x].filter((value) => value === 0).length).toBe(height * width - 800); // the mean minus itself
      const edges = [(left + 10) / width, (top + 10) / height, (left + 30) / width, (top + 20) / height];
      close(rows, [[0, 1, 0, ...edges, 0]]);
    }
  });

  test("distort_param changes colors, with their probabilities, and no box", async () => {
    const datum = { ...places(1, 2), data: Uint8Array.of(100, 100, 150, 150, 60, 60) };
    const source = database([{ datum, boxes: middle }]);
    const run = (param: string) => batches(layer(source, "batch_size: 1", `distort_param { ${param} }`), 60);
    for (const { data, rows } of await run("brightness_prob: 0.5 brightness_delta: 32")) {
      const step = (data[0] ?? 0) - 100;
      expect([...data]).toEqual([100, 100, 150, 150, 60, 60].map((value) => value + step));
      expect(Math.abs(step)).toBeLessThanOrEqual(32);
      expect(rows).toEqual([[0, 1, 0, 0.25, 0.25, 0.75, 0.5, 0]]);
    }
    const contrasts = await run("contrast_prob: 0.5 contrast_lower: 0.5 contrast_upper: 1.5");
    expect(contrasts.filter(({ data }) => data[0] === 100).length).toBeGreaterThan(10);
    for (const { data } of contrasts) expect(Math.abs((data[2] ?? 0) / (data[0] ?? 1) - 1.5)).toBeLessThan(0.02);
    const orders = await run("random_order_prob: 1");
    expect(new Set(orders.map(({ data }) => [data[0], data[2], data[4]].join(" "))).size).toBe(6);
    // Of the color the largest value stays under a change of saturation, and hue changes which channel has it.
    for (const { data } of await run("saturation_prob: 1 saturation_lower: 0.5 saturation_upper: 1.5")) {
      expect(data[2]).toBe(150);
    }
    const hues = await run("hue_prob: 1 hue_delta: 36");
    for (const { data } of hues) expect(Math.abs(Math.max(...data) - 150)).toBeLessThanOrEqual(1);
    expect(new Set(hues.map(({ data }) => data.join())).size).toBeGreaterThan(20);
  });

  test("noise_param", async () => {
    const datum = { ...places(1, 1), data: Uint8Array.of(255, 0, 100) };
    const run = async (param: string) => {
      const [batch] = await batches(layer(database([{ datum }]), "batch_size: 1", `noise_param { ${param} }`));
      return [...(batch?.data ?? [])];
    };
    expect(await run("inverse: true")).toEqual([0, 255, 155]);
    expect(await run("posterize: true")).toEqual([224, 32, 96]);
    expect(await run("decolorize: true")).toEqual([59, 59, 59]); // 0.114·255 + 0.299·100
    expect(await run("saltpepper: true saltpepper_param { fraction: 1 value: 7 }")).toEqual([7, 7, 7]);
    expect(await run("convert_to_hsv: true")).toEqual([132, 255, 255]);
    await fails(layer(database([{ datum }]), "batch_size: 1", "noise_param { clahe: true }")).toThrow(
      /noise_param.clahe is not computed: leave it out/,
    );
  });
});

describe("batch_sampler", () => {
  const object = [0.375, 0.375, 0.625, 0.625];
  const source = () => database([{ datum: places(64, 64), boxes: [box(1, object)] }]);
  const sampler = (constraint: string, more = "max_sample: 1 max_trials: 50") =>
    `batch_sampler { sampler { min_scale: 0.3 max_scale: 1 min_aspect_ratio: 0.5 max_aspect_ratio: 2 } ` +
    `sample_constraint { ${constraint} } ${more} }`;

  /** The part of the image that a batch shows, from its values. */
  const partOf = ({ data, shape }: Batch) => {
    const [, , height = 0, width = 0] = shape;
    const [left, top] = [(data[0] ?? 0) - 1, (data[height * width] ?? 0) - 1];
    return { left, top, right: left + width, bottom: top + height };
  };

  test("crops parts that meet the constraint, and boxes with them", async () => {
    const all = await batches(layer(source(), "batch_size: 1", "", sampler("min_jaccard_overlap: 0.2")), 80);
    expect(new Set(all.map(({ shape }) => shape.join(" "))).size).toBeGreaterThan(40);
    let cropped = 0;
    for (const batch of all) {
      const { left, top, right, bottom } = partOf(batch);
      const [row = []] = batch.rows;
      const [height, width] = [bottom - top, right - left];
      cropped += width < 64 ? 1 : 0;
      const shared = Math.min(40, right) - Math.max(24, left);
      const across = Math.min(40, bottom) - Math.max(24, top);
      expect((shared * across) / (width * height + 256 - shared * across)).toBeGreaterThan(width < 64 ? 0.16 : 0.05);
      const wanted = [24 - left, 24 - top, 40 - left, 40 - top].map((edge, i) => edge / (i % 2 === 0 ? width : height));
      for (const [i, edge] of wanted.entries()) {
        const clipped = Math.max(0, Math.min(edge, 1));
        expect(Math.abs((row[3 + i] ?? 0) - clipped)).toBeLessThan(2 / Math.min(width, height)); // pixels are whole
      }
      expect(Math.max(width / height, height / width)).toBeLessThan(2.2);
    }
    expect(cropped).toBeGreaterThan(60);
  });

  test("without a part that meets it, or an object, the whole image stays", async () => {
    const impossible = layer(source(), "batch_size: 1", "", sampler("min_jaccard_overlap: 1.5"));
    expect((await batches(impossible, 5)).every(({ shape }) => shape[2] === 64)).toBe(true);
    const none = layer(database([{ datum: places(64, 64) }]), "batch_size: 1", "", sampler("min_object_coverage: 0"));
    expect((await batches(none, 5)).every(({ shape }) => shape[2] === 64)).toBe(true);
  });

  test("one of several is chosen; without a constraint every part is good", async () => {
    const samplers = `batch_sampler { max_sample: 1 max_trials: 1 } ${sampler("", "max_sample: 1 max_trials: 1")}`;
    const all = await batches(layer(source(), "batch_size: 1", "", samplers), 60);
    const whole = all.filter(({ shape }) => shape[2] === 64 && shape[3] === 64).length;
    expect(Math.abs(whole - 30)).toBeLessThan(15);
  });

  test("limits that no part can have are refused", async () => {
    const wrong = (text: string) =>
      fails(layer(source(), "batch_size: 1", "", `batch_sampler { sampler { ${text} } }`));
    await wrong("min_scale: 0").toThrow(/scales from 0 to 1; expected 0 < min_scale/);
    await wrong("min_scale: 0.5 max_scale: 0.3").toThrow(/expected 0 < min_scale/);
    await wrong("min_aspect_ratio: 2").toThrow(/ratios from 2 to 1/);
  });
});

describe("encoded records", () => {
  test("are decoded, and augmented alike", async () => {
    const { height, width, data } = places(20, 40);
    const interleaved = Uint8Array.from(
      { length: data.length },
      (_, i) => data[(i % 3) * 800 + Math.floor(i / 3)] ?? 0,
    );
    const file = await createImages().encode({ height, width, channels: 3, data: interleaved }, "png");
    const encoded = { channels: 3, height, width, data: file, label: 0, encoded: true };
    const boxes = [box(2, [0.25, 0.25, 0.75, 0.5])];
    const text = (datum: DatumValues) =>
      layer(
        database([{ datum, boxes }]),
        "batch_size: 2",
        "mirror: true resize_param { height: 16 width: 16 interp_mode: AREA interp_mode: CUBIC } crop_size: 12 " +
          "distort_param { brightness_prob: 0.5 brightness_delta: 20 hue_prob: 0.5 hue_delta: 9 } expand_param { max_expand_ratio: 2 }",
        "batch_sampler { sampler { min_scale: 0.5 } max_sample: 1 max_trials: 10 }",
      );
    expect(await batches(text(encoded), 10)).toEqual(await batches(text(places(20, 40)), 10));
  });
});

describe("looking ahead, going on, and ranks", () => {
  const transform =
    "mirror: true expand_param { prob: 0.5 max_expand_ratio: 2 } resize_param { height: 8 width: 8 interp_mode: LINEAR interp_mode: AREA }";
  const sampler = "batch_sampler { sampler { min_scale: 0.4 } max_sample: 1 max_trials: 5 }";
  let source: string;
  beforeAll(() => {
    source = database(
      Array.from({ length: 7 }, (_, i) => ({
        datum: { ...places(10, 12), label: i },
        boxes: Array.from({ length: i % 3 }, (_, j) => box(i + 1, [0.1 * j, 0.2, 0.6, 0.9], j)),
      })),
    );
  });

  test("batches are the same, however many are read ahead", async () => {
    const text = (prefetch: number) => layer(source, `batch_size: 3 prefetch: ${prefetch}`, transform, sampler);
    const wanted = await batches(text(0), 12);
    for (const prefetch of [1, 5]) expect(await batches(text(prefetch), 12)).toEqual(wanted);
    expect(await batches(text(1), 2, { seed: 77 })).not.toEqual(wanted.slice(0, 2));
  });

  test("a saved state gives the batches that would have come", async () => {
    const text = layer(source, "batch_size: 3", transform, sampler);
    const net = await netFromText(text);
    for (let i = 0; i < 5; i++) await next(net);
    const state = JSON.parse(JSON.stringify(net.layers[0]?.saveState?.()));
    const wanted = [await next(net), await next(net), await next(net)];
    const other = await netFromText(text, { seed: 99 });
    await next(other);
    await other.layers[0]?.restoreState?.(state);
    expect([await next(other), await next(other), await next(other)]).toEqual(wanted);
    await expect(async () => other.layers[0]?.restoreState?.({ ...state, draws: undefined })).rejects.toThrow(
      /drew other random numbers when the state was saved/,
    );
    await net.dispose();
    await other.dispose();
  });

  test("of two ranks each takes its share, and draws its own numbers", async () => {
    const labelled = database(
      Array.from({ length: 6 }, (_, i) => ({ datum: places(10, 12), boxes: [box(i + 1, [0, 0, 1, 1])] })),
    );
    const text = layer(labelled, "batch_size: 2", "mirror: true resize_param { height: 4 width: 4 }");
    const seen = await Promise.all(
      localRanks(2).map(async (communicator) => {
        const net = await netFromText(text, { ranks: { communicator } } as NetSetup);
        const rows = [...(await next(net)).rows, ...(await next(net)).rows].map(([, label]) => label);
        await net.dispose();
        return rows;
      }),
    );
    expect(seen).toEqual([
      [1, 3, 5, 1],
      [2, 4, 6, 2],
    ]);
  });
});

describe("errors name the record", () => {
  test.each([
    [
      "a plain Datum",
      () => [writeDatum(image)],
      /record 0 of \S+: .*plain Datum, without annotations: layer Data reads it/,
    ],
    ["cut off", () => [record({ datum: image }).subarray(0, 9)], /record 0 of \S+: annotated datum: damaged at byte 0/],
    ["another type", () => [{ datum: image, type: 1 }], /annotations of type 1: only boxes/],
    [
      "one without a type",
      () => [{ datum: image }, { datum: image, type: undefined }],
      /record 1 of .*no type of annotation/,
    ],
    ["another size", () => [{ datum: image }, { datum: places(2, 2) }], /record 1 of .*an image of shape 3 2 2/],
    ["no image", () => [{ datum: { ...image, channels: 0, data: new Uint8Array(0) } }], /an image of 0 channels/],
  ] as [string, () => (Sample | Uint8Array)[], RegExp][])("%s", async (_, samples, message) => {
    await fails(layer(database(samples()), "batch_size: 2")).toThrow(message);
  });

  test("float values cannot be augmented", async () => {
    const datum = { ...image, data: new Uint8Array(0), floatData: Float32Array.of(1.5, 2.5) };
    expect([...((await batches(layer(database([{ datum }]), "batch_size: 1")))[0]?.data ?? [])]).toEqual([1.5, 2.5]);
    await fails(layer(database([{ datum }]), "batch_size: 1", "resize_param { height: 2 width: 2 }")).toThrow(
      /record 0 of .*float values: images are resized, .* from bytes only/,
    );
  });

  test("parameters", async () => {
    const source = database([{ datum: image }]);
    const wrong = (transform: string) => fails(layer(source, "batch_size: 1", transform));
    await fails(layer(source, "")).toThrow(/batch_size must be given/);
    await wrong("expand_param { max_expand_ratio: 1 }").toThrow(/max_expand_ratio 1 must be greater than 1/);
    await wrong("resize_param { height: 3 }").toThrow(
      /resize_param needs height and width greater than 0; has 3 and 0/,
    );
    await wrong("distort_param { hue_prob: 1 }").toThrow(/needs images of 3 channels/);
    await wrong("distort_param { contrast_prob: 1 contrast_lower: 2 contrast_upper: 1 }").toThrow(/0 ≤ lower ≤ upper/);
    await wrong(
      "resize_param { height: 1 width: 3 resize_mode: FIT_LARGE_SIZE_AND_PAD pad_value: 1 pad_value: 2 }",
    ).toThrow(/pad_value is given 2 times for 1 channels/);
  });
});

test("a LevelDB gives the same", async () => {
  const path = join(folder, "leveldb");
  const writer = await createDatabase(createFiles(), "leveldb", path);
  await writer.add(recordKey(0), record({ datum: image, boxes: [box(3, [0.25, 0, 0.5, 1])] }));
  await writer.finish();
  const [batch] = await batches(layer(path, "batch_size: 1").replace("LMDB", "LEVELDB"));
  expect(batch?.rows).toEqual([[0, 3, 0, 0.25, 0, 0.5, 1, 0]]);
});

const contractSource = database([{ datum: image, boxes: [box(1, [0, 0, 0.5, 1])] }, { datum: image }]);
testContract("AnnotatedData", {
  tops: ["data", "label"],
  param: `data_param { source: "${contractSource}" batch_size: 1 backend: LMDB }`,
  changes: ["TRAIN", "TEST"],
});
