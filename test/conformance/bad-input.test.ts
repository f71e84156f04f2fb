// Bad input gets an error that names file, line, layer and blob, and nothing is lost or half-written.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MokaError, Net, Solver } from "../../src/index.js";
import { readNet } from "../../src/proto/binary/index.js";

const golden = fileURLToPath(new URL("../golden/", import.meta.url));
const model = `${golden}train/mlp_sgd/train_val.prototxt`;
const weights = `${golden}train/mlp_sgd/final.caffemodel`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moka-bad-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function failure(work: () => Promise<unknown>): Promise<MokaError> {
  const error = await work().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MokaError)) throw new Error(`not an error of Moka's: ${error}`);
  return error;
}

function write(name: string, text: string | Uint8Array): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const load = (path: string, options = {}) => Net.load(path, { engine: "reference", ...options });
const input = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }\n';

test("a broken prototxt: file, line and column, and how many errors there are", async () => {
  const file = write(
    "broken.prototxt",
    `${input}layer {\n  name: "a"\n  type: "ReLU"\n  bottom: x"\n}\nlayer { name }\n`,
  );
  const error = await failure(() => load(file));
  expect(error.code).toBe("MOKA_PARSE");
  expect(error.message).toMatch(new RegExp(`^${file}:\\d+:\\d+: .+`));
  expect(error.place?.line).toBeGreaterThanOrEqual(5);
});

test("an unknown layer", async () => {
  const file = write("unknown.prototxt", `${input}layer {\n  name: "a"\n  type: "Relu"\n  bottom: "x"\n  top: "y"\n}`);
  const error = await failure(() => load(file));
  expect(error.message).toBe(`${file}:2:1: layer "a" (Relu): unknown layer type; did you mean "ReLU"?`);
  expect(error.code).toBe("MOKA_LAYER");
});

test("a missing bottom", async () => {
  const file = write("bottom.prototxt", `${input}layer { name: "a" type: "ReLU" bottom: "y" top: "z" }`);
  const error = await failure(() => load(file));
  expect(error.message).toBe(
    `${file}:2:1: layer "a" (ReLU): bottom 0 is "y", which no layer above produces; there are "x"`,
  );
});

test("a truncated caffemodel, wherever it is cut: the file and the byte; the net keeps its weights", async () => {
  const bytes = readFileSync(weights);
  const net = await load(model, { phase: "TEST", weights });
  const before = [...net.params].map(([name, blobs]) => [name, blobs.map(({ data }) => [...data])]);
  for (const share of [0.1, 0.35, 0.6, 0.85, 0.999]) {
    const file = write("cut.caffemodel", bytes.subarray(0, Math.floor(bytes.length * share)));
    const error = await failure(() => net.copyTrainedLayersFrom(file));
    expect(error.code).toBe("MOKA_PARSE");
    expect(error.message).toContain(file);
    expect(error.message).toMatch(/byte \d+/);
  }
  expect([...net.params].map(([name, blobs]) => [name, blobs.map(({ data }) => [...data])])).toEqual(before);
  await net.dispose();
});

test.each([
  ["weights", "w.caffemodel", "the file is empty, where a caffemodel is wanted"],
  ["HDF5 weights", "w.caffemodel.h5", "the file is empty, where a caffemodel is wanted"],
])("empty %s", async (_what, name, reason) => {
  const file = write(name, new Uint8Array(0));
  const error = await failure(() => load(model, { phase: "TEST", weights: file }));
  expect(error.message).toBe(`${file}: ${reason}`);
});

test("other empty files: what each should be", async () => {
  const data = (name: string, bytes: Uint8Array | string, param: string) => {
    const path = write(name, bytes);
    const more = param.includes("mean_file")
      ? `${param} data_param { source: "${golden}files/glyphs_test_lmdb"`
      : param;
    return [
      path,
      `layer { name: "d" type: "Data" top: "d" top: "l" ${more.replaceAll("PATH", path)} batch_size: 1 backend: LMDB } }\n`,
    ];
  };
  const none = new Uint8Array(0);
  for (const [[path, text], reason] of [
    [
      data("mean.binaryproto", none, 'transform_param { mean_file: "PATH" }'),
      "the file is empty, where a binaryproto is wanted",
    ],
    [data("data.mdb", none, 'data_param { source: "PATH"'), "the file is empty, no LMDB"],
  ] as const) {
    const error = await failure(() => load(text));
    expect(error.reason).toContain(`${path}: ${reason}`);
  }
  write("CURRENT", "");
  const text = `layer { name: "d" type: "Data" top: "d" top: "l" data_param { source: "${folder}" batch_size: 1 } }\n`;
  expect((await failure(() => load(text))).reason).toContain("is damaged: its CURRENT is empty");
  const state = write("s.solverstate", none);
  const solver = failure(() => Solver.load(solverText(`${folder}/s`), { engine: "reference", snapshot: state }));
  expect((await solver).message).toBe(`${state}: the file is empty, where a solverstate is wanted`);
});

test("weights of other shapes: both shapes, the layer and the parameter; nothing is taken over", async () => {
  const ip = (name: string, bottom: string, outputs: number) =>
    `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}" inner_product_param { num_output: ${outputs} } }`;
  const file = write(
    "wider.prototxt",
    `${input.replace("dim: 2", "dim: 12")}${ip("fc2", "x", 16)}\n${ip("fc1", "fc2", 17)}`,
  );
  const net = await load(file, { phase: "TEST" });
  const before = [...(net.params.get("fc2")?.[0].data ?? [])];
  const error = await failure(() => net.copyTrainedLayersFrom(weights));
  expect(error.message).toBe(
    `${file}:3:1: layer "fc1" (InnerProduct): parameter 0 has shape 17 16 (272), but in ${weights} it has 16 12 (192); ` +
      "to learn it from scratch, rename the layer",
  );
  expect(error.code).toBe("MOKA_WEIGHTS");
  expect([...(net.params.get("fc2")?.[0].data ?? [])]).toEqual(before);
  await net.dispose();
});

test("labels out of range: which, where, and what there is", async () => {
  const text = `${input}layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 1 } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "label" top: "loss" }`;
  const file = write("labels.prototxt", text);
  const net = await load(file);
  const error = await failure(() => net.forward({ x: [1, 2], label: [2] }));
  expect(error.message).toBe(
    `${file}:3:5: layer "loss" (SoftmaxWithLoss): label 2 (number 0 of "label") is not one of its 2 classes, 0 to 1`,
  );
  expect(error.code).toBe("MOKA_LABEL");
  expect((await net.forward({ label: [1] })).loss[0]).toBeCloseTo(0.3133, 4);
  await net.dispose();
});

const solverText = (
  prefix: string,
  extra = "",
) => `base_lr: 0.1 lr_policy: "fixed" max_iter: 3 snapshot_prefix: "${prefix}" ${extra}
  net_param {
    layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 1 } data_filler { type: "constant" value: 1 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }
  }`;

test("a folder for snapshots that is not there: refused before training starts", async () => {
  const error = await failure(() => Solver.load(solverText(`${folder}/none/snap`), { engine: "reference" }));
  expect(error.code).toBe("MOKA_FILE");
  expect(error.message).toContain(`${folder}/none/snap`);
});

test.skipIf(!existsSync("/dev/full"))(
  "a full disk: an error, the file before is still there, and training can go on (needs /dev/full)",
  async () => {
    const solver = await Solver.load(solverText(`${folder}/snap`), { engine: "reference" });
    await solver.step(1);
    await solver.snapshot();
    await solver.step(1);
    symlinkSync("/dev/full", `${folder}/snap_iter_2.caffemodel`);
    const error = await failure(() => solver.snapshot());
    expect(error.code).toBe("MOKA_FILE");
    expect(error.message).toMatch(/snap_iter_2\.caffemodel: .*\(ENOSPC\)/);
    expect(readdirSync(folder).sort()).toEqual([
      "snap_iter_1.caffemodel",
      "snap_iter_1.moka.json",
      "snap_iter_1.solverstate",
      "snap_iter_2.caffemodel",
      "snap_iter_2.moka.json",
    ]);
    expect(readNet(readFileSync(`${folder}/snap_iter_1.caffemodel`)).layer.length).toBe(3);
    await solver.step(1);
    await solver.snapshot();
    expect(readdirSync(folder)).toContain("snap_iter_3.solverstate");
    await solver.dispose();
  },
);

test("a data source that is not there", async () => {
  const text =
    'layer { name: "d" type: "Data" top: "x" data_param { source: "nowhere_lmdb" batch_size: 1 backend: LMDB } }';
  const file = write("data.prototxt", text);
  const error = await failure(() => load(file));
  expect(error.message).toMatch(new RegExp(`^${file}:1:1: layer "d" \\(Data\\): .*nowhere_lmdb.*ENOENT`));
});

test("a file that is not there, and a folder in its place", async () => {
  expect((await failure(() => load(`${folder}/none.prototxt`))).message).toContain("none.prototxt");
  expect((await failure(() => load(folder))).code).toBe("MOKA_FILE");
});
