// Looking is not touching: lint, fix, summary, draw, fold and stats of nets whose layers read and write files change none
// of them, read little of them, and say without them what can be said.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFiles } from "#platform";
import { writeHdf5 } from "../../src/data/hdf5.js";
import { drawNet, fix, fold, Layer, lint, Net, type Recorder, type Shape, stats, summarize } from "../../src/index.js";
import { parseNet } from "../../src/proto/text/index.js";
import type { ByteSource, Files } from "../../src/util/files.js";
import { moka } from "../cli.js";

const golden = fileURLToPath(new URL("../golden/data/", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "moka-looking-"));
/** What is looked at; nothing else of the test lies here. */
const data = join(root, "data");
const absent = join(root, "absent");
const weights = (type: string) => join(root, `${type}.caffemodel`);

const transform = (folder: string) => `transform_param { mean_file: "${folder}/mean.binaryproto" mirror: true }`;
/** The layer that brings the data, by what it is called here. */
const sources: Readonly<Record<string, (folder: string) => string>> = {
  LMDB: (folder) =>
    `type: "Data" data_param { source: "${folder}/raw_lmdb" batch_size: 16 backend: LMDB } ${transform(folder)}`,
  LEVELDB: (folder) => `type: "Data" data_param { source: "${folder}/gray_leveldb" batch_size: 16 }`,
  ImageData: (folder) =>
    `type: "ImageData" image_data_param { source: "${folder}/list.txt" root_folder: "${folder}/images/" batch_size: 16 ` +
    `shuffle: true rand_skip: 2 } ${transform(folder)}`,
  HDF5Data: (folder) =>
    `type: "HDF5Data" hdf5_data_param { source: "${folder}/files.txt" batch_size: 16 shuffle: true }`,
  WindowData: (folder) =>
    `type: "WindowData" window_data_param { source: "${folder}/windows.txt" root_folder: "${folder}/images/" ` +
    `batch_size: 16 fg_threshold: 0.6 bg_threshold: 0.4 } ` +
    `transform_param { crop_size: 7 mean_file: "${folder}/mean.binaryproto" }`,
  MemoryData: (folder) =>
    `type: "MemoryData" memory_data_param { batch_size: 16 channels: 3 height: 10 width: 12 } ${transform(folder)}`,
};
const types = Object.keys(sources);

/** A net to fold and to repair, which writes what it computes into the folder. */
const netOf = (type: string, folder: string, output = folder) => `name: "${type}"
layer { name: "data" top: "data" top: "label" ${sources[type]?.(folder)} }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "bn" type: "BatchNorm" bottom: "ip" top: "bn" }
layer { name: "scale" type: "Scale" bottom: "bn" top: "scale" scale_param { bias_term: true } }
layer { name: "out" type: "HDF5Output" bottom: "scale" bottom: "label" hdf5_output_param { file_name: "${output}/out.h5" } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "scale" bottom: "label" top: "loss" }
`;

beforeAll(async () => {
  cpSync(join(golden, "inputs"), data, { recursive: true });
  cpSync(join(golden, "window_warp/windows.txt"), join(data, "windows.txt"));
  writeFileSync(join(data, "list.txt"), "0.png 0\n1.png 1\n2.png 2\n");
  writeFileSync(join(data, "files.txt"), `${join(data, "five.h5")}\n`);
  for (const type of types) {
    const net = await Net.load(netOf(type, data, root), { engine: "reference", phase: "TEST" });
    await net.save(weights(type));
    await net.dispose();
  }
  mkdirSync(absent);
});
afterAll(() => rmSync(root, { recursive: true }));

/** What was asked of the file system: calls that are not known to change nothing, and how many bytes were read. */
const seen = { touched: [] as string[], bytes: 0 };
beforeEach(() => void Object.assign(seen, { touched: [], bytes: 0 }));

const looks: ReadonlySet<PropertyKey> = new Set(["resolve", "read", "readText", "open", "isFolder", "list"]);
const counted = (source: ByteSource): ByteSource => ({
  size: source.size,
  close: () => source.close(),
  read: (offset, length) => {
    const bytes = source.read(offset, length);
    seen.bytes += bytes.length;
    return bytes;
  },
});
const files: Files = new Proxy(createFiles(), {
  get: (target, name) => async (path: string, more?: { readonly readOnly?: boolean }) => {
    if (!looks.has(name) && !(name === "probe" && more?.readOnly)) seen.touched.push(`${String(name)} ${path}`);
    const result: unknown = await Reflect.get(target, name).call(target, path, more);
    if (name === "read" || name === "readText") seen.bytes += (result as string | Uint8Array).length;
    return name === "open" ? counted(result as ByteSource) : result;
  },
});

/** Names, times and bytes of all that is in a folder, and of the folder itself: a file that came and went changes its time. */
function stateOf(folder: string): Record<string, string> {
  const names = ["", ...readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()];
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name);
      const state = statSync(path);
      return [name, `${state.mtimeMs} ${state.ctimeMs} ${state.isDirectory() ? "" : readFileSync(path, "base64")}`];
    }),
  );
}

/** Files of the folder that this process has open, where the system tells. */
function openIn(folder: string): string[] {
  if (!existsSync("/proc/self/fd")) return [];
  const links = readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
  return links.filter((path) => path.startsWith(folder));
}

const rulesOf = (findings: readonly { readonly rule: string }[]) => findings.map(({ rule }) => rule);
const summaryOf = async (text: string, log?: (severity: string, origin: string, message: string) => void) =>
  summarize(parseNet(text, { file: "net.prototxt" }).message, { files, log });

describe.each(types)("a net with its data in %s", (type) => {
  test("is looked at, and nothing in its folder is written, removed, tried or left open", async () => {
    const text = netOf(type, data);
    const before = stateOf(data);
    expect(rulesOf((await lint(text, { files })).findings)).toContain("bias-before-bn");
    expect(rulesOf((await fix(text, { files })).fixed)).toContain("bias-before-bn");
    const { peaks, layers } = await summaryOf(text);
    expect(peaks.training?.moka).toBeGreaterThan(0);
    expect(layers.filter(({ assumed }) => assumed)).toEqual([]);
    expect(await drawNet(text, { files })).not.toContain("≈");
    const { proof } = await fold(text, weights(type), { files, engine: "reference" });
    expect(proof).toMatchObject({ ran: true, passed: true });
    await stats(text, weights(type), { files });
    expect(seen.touched).toEqual([]);
    expect(openIn(data)).toEqual([]);
    expect(stateOf(data)).toEqual(before);
  });

  test("has the shapes that it has when it runs", async () => {
    const net = await Net.load(netOf(type, data, root), { engine: "reference", phase: "TEST" });
    const { blobs } = await summaryOf(netOf(type, data));
    for (const name of ["data", "label"]) expect(blobs[name]).toEqual(net.blobs.get(name)?.shape);
    await net.dispose();
  });

  test("is looked at without any of its files, too", async () => {
    const text = netOf(type, absent);
    const findings = rulesOf((await lint(netOf(type, data), { files })).findings);
    expect(rulesOf((await lint(text, { files })).findings)).toEqual(findings);
    expect(rulesOf((await fix(text, { files })).fixed)).toContain("bias-before-bn");
    const said: string[] = [];
    const log = (severity: string, _: string, message: string) => severity === "warning" && said.push(message);
    expect(await drawNet(text, { files, log })).toContain("scale");
    const { proof, folded } = await fold(text, weights(type), { files, log, engine: "reference" });
    const missing = expect.stringMatching(`^<text>:2:1: layer "data" .*${absent}/`);
    expect(said).toEqual([missing, missing, expect.stringContaining('BatchNorm "bn" has a factor of 0')]);
    expect(folded.length).toBeGreaterThan(0);
    expect(proof).toMatchObject({ ran: false, reason: expect.stringMatching(/shape of "data", "label" is not known/) });
    expect((await stats(text, weights(type), { files })).missing).toEqual([]);
    expect(seen.touched).toEqual([]);
    expect(readdirSync(absent)).toEqual([]);
  });
});

describe("a summary without data", () => {
  test.each([
    ["LMDB", "transform_param { crop_size: 5 }", [16, 3, 5, 5]],
    ["LEVELDB", "transform_param { crop_size: 5 force_gray: true }", [16, 1, 5, 5]],
    ["ImageData", "image_data_param { new_height: 6 new_width: 8 is_color: false }", [16, 1, 6, 8]],
    ["ImageData", "transform_param { crop_size: 5 }", [16, 3, 5, 5]],
    ["WindowData", "", [16, 3, 7, 7]],
    ["MemoryData", "", [16, 3, 10, 12]],
  ] as const)("of %s assumes what %s says, and says so", async (type, more, shape) => {
    const said: string[] = [];
    const text = netOf(type, absent).replace('top: "label"', `top: "label" ${more}`);
    const { blobs, layers } = await summaryOf(text, (severity, _, message) => said.push(`${severity}: ${message}`));
    expect(blobs).toMatchObject({ data: shape, label: [shape[0]], ip: [shape[0], 4] });
    expect(layers.filter(({ assumed }) => assumed).map(({ name }) => name)).toEqual(["data"]);
    expect(said).toEqual([
      expect.stringMatching(/^warning: net.prototxt:2:1: layer "data" .*absent.* assumed to be \d/),
    ]);
    expect(await drawNet(text, { files })).toContain(`≈ ${shape[0]}×4`);
  });

  test.each(["LMDB", "LEVELDB", "ImageData", "HDF5Data"])("of %s asks for shapes where none follow", async (type) => {
    if (type !== "HDF5Data") expect(await drawNet(netOf(type, absent), { files })).toContain(">≈ 16<");
    const said: string[] = [];
    const { layers, blobs, totals } = await summaryOf(netOf(type, absent), (_, __, message) => said.push(message));
    expect(said).toEqual([
      expect.stringMatching(
        /^net.prototxt:2:1: layer "data" .*absent.*; give the shape of "data" and "label" \(shapes, or --shape\)/,
      ),
    ]);
    expect(blobs.label).toEqual(type === "HDF5Data" ? undefined : [16]);
    expect(blobs).not.toHaveProperty("data");
    expect(layers[0]).toMatchObject({ unknown: true, error: expect.stringContaining("; give the shape of") });
    expect(totals.partial).toBe(true);
  });
});

test("a summary assumes nothing of data that are there and damaged", async () => {
  const damaged = join(root, "damaged");
  mkdirSync(damaged);
  writeFileSync(join(damaged, "mean.binaryproto"), readFileSync(join(data, "mean.binaryproto")));
  writeFileSync(join(damaged, "raw_lmdb"), "no database");
  const text = netOf("LMDB", damaged).replace("mirror: true", "crop_size: 5");
  await expect(summaryOf(text)).rejects.toThrow(/raw_lmdb: 11 bytes are no LMDB; give the shape of "data"/);
  rmSync(join(damaged, "raw_lmdb"));
  expect((await summaryOf(text)).blobs.data).toEqual([16, 3, 5, 5]);
});

test("the commands say what is missing, and mark what is assumed", async () => {
  const net = join(root, "net.prototxt");
  writeFileSync(net, netOf("WindowData", absent));
  const summary = await moka("summary", net);
  expect(summary.err).toContain(`warning: ${net}:2:1: layer "data" (WindowData): cannot open ${absent}/windows.txt: `);
  expect(summary.out).toContain("≈ 16 3 7 7");
  const picture = await moka("draw", net, join(root, "net.svg"));
  expect(picture.err).toContain(`warning: ${net}:2:1: layer "data" (WindowData): cannot open ${absent}/windows.txt: `);
});

test("a folder that HDF5Output cannot write to is found by looking", async () => {
  const text = netOf("LMDB", data, join(absent, "none"));
  const { findings } = await lint(text, { files });
  const [found] = findings.filter(({ rule }) => rule === "shape-mismatch");
  const reason = `cannot write ${absent}/none/out.h5: no such file or folder`;
  expect(found).toMatchObject({ line: 7, message: expect.stringContaining(reason) });
  expect(rulesOf((await lint(netOf("LMDB", data), { files })).findings)).not.toContain("shape-mismatch");
  const onFolder = text.replace(`${absent}/none/out.h5`, data);
  expect((await lint(onFolder, { files })).findings).toContainEqual(
    expect.objectContaining({ line: 7, message: expect.stringContaining("it is a folder") }),
  );
  const said: string[] = [];
  expect((await summaryOf(text, (_, __, message) => said.push(message))).blobs.scale).toEqual([16, 4]);
  expect(said).toEqual([expect.stringContaining(`layer "out" (HDF5Output): cannot write ${absent}/none/out.h5`)]);
  expect(seen.touched).toEqual([]);
});

describe("little is read of", () => {
  const large = join(root, "large");
  const mebibyte = 1 << 20;
  beforeAll(async () => {
    mkdirSync(large);
    const rows = {
      data: { shape: [mebibyte / 4, 4], data: new Float32Array(mebibyte) },
      label: { shape: [mebibyte / 4], data: new Float32Array(mebibyte / 4) },
    };
    writeFileSync(join(large, "large.h5"), await writeHdf5(rows));
    writeFileSync(join(large, "files.txt"), join(large, "large.h5"));
    writeFileSync(join(large, "list.txt"), `${data}/images/0.png 0\n`.repeat(mebibyte / 32));
    writeFileSync(join(large, "windows.txt"), readFileSync(join(data, "windows.txt"), "utf8").repeat(mebibyte / 256));
  });

  test.each([
    ["an HDF5 file", "HDF5Data", { data: [16, 4], label: [16] }],
    ["a list of images", "ImageData", { data: [16, 3, 10, 12] }],
    ["a window file", "WindowData", { data: [16, 3, 7, 7] }],
  ] as const)("%s of a mebibyte or more", async (_, type, shapes) => {
    const text = netOf(type, large).replace(/root_folder: "\S+"|mean_file: "\S+"/g, "");
    const { layers, blobs } = await summaryOf(text.replace(/^layer { name: "(ip|bn|scale|out|loss)"(.|\n)*/m, ""));
    expect(blobs).toMatchObject(shapes);
    expect(layers.some(({ assumed }) => assumed)).toBe(false);
    expect(seen.bytes).toBeLessThan(mebibyte / 4);
  });
});

test("a layer of a user's own that has only open is opened for a run, and not to look at it", async () => {
  let opened = 0;
  class OpeningLayer extends Layer {
    override readonly bottomCount = 0;
    override readonly topCount = 1;
    override async open(): Promise<void> {
      opened += 1;
    }
    override topShapes(): readonly Shape[] {
      return [[2, 3]];
    }
    override forward(k: Recorder, _: unknown, [y]: Parameters<Layer["forward"]>[2]): void {
      k.fill({ y: y.data, value: 1 });
    }
  }
  const layers = { Opening: OpeningLayer };
  const text = 'layer { name: "x" type: "Opening" top: "x" }\n';
  expect((await summarize(parseNet(text).message, { layers })).blobs).toEqual({ x: [2, 3] });
  expect(opened).toBe(0);
  const net = await Net.load(text, { layers, engine: "reference" });
  expect(opened).toBe(1);
  await net.dispose();
});
