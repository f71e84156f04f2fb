import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { moka } from "../../test/cli.js";
import { drawNet, fold, lint, Net, Solver, stats, summarize } from "../index.js";

const golden = (name: string) => fileURLToPath(new URL(`../../test/golden/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "moka-kinds-"));
afterAll(() => rmSync(folder, { recursive: true }));

const made = (name: string, content: string | readonly number[]) => {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : Uint8Array.from(content));
  return file;
};

const net = golden("train/mlp_sgd/train_val.prototxt");
const solver = made(
  "solver.prototxt",
  `net: "${net}" base_lr: 0.1 lr_policy: "fixed" max_iter: 1 snapshot_prefix: "${folder}/s"\n`,
);
const weights = golden("train/mlp_sgd/final.caffemodel");
const state = golden("train/mlp_sgd/final.solverstate");
const mean = golden("files/glyphs_mean.binaryproto");
const page = made("page.caffemodel", "\n<!DOCTYPE html><html></html>");
const pointer = made("pointer.caffemodel", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n");
const zip = made("model.pth", [0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0, 0]);
const packed = made("model.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
// ir_version 8, producer_name "pytorch", graph { name: "g" }, opset_import { version: 13 }
const onnx = made("m.onnx", [8, 8, 18, 7, 112, 121, 116, 111, 114, 99, 104, 58, 3, 18, 1, 103, 66, 2, 16, 13]);
const wide = made("utf16.prototxt", [0xff, 0xfe, 0x6c, 0, 0x61, 0]);
const hdf5Weights = golden("files/snapshots/snap_iter_10.caffemodel.h5");
const hdf5State = golden("files/snapshots/snap_iter_10.solverstate.h5");
const empty = made("empty.prototxt", "");
const picture = golden("data/inputs/images/small.png");

test.each([
  [["test", "--model", solver, "--weights", weights], /a solver's prototxt, where a net's prototxt is wanted/],
  [["test", "--model", weights, "--weights", net], /a caffemodel, where a prototxt is wanted/],
  [["test", "--model", net, "--weights", net], /a net's prototxt, where a caffemodel is wanted/],
  [["test", "--model", net, "--weights", solver], /a solver's prototxt, where a caffemodel is wanted/],
  [["test", "--model", net, "--weights", state], /a solverstate, where a caffemodel is wanted/],
  [["test", "--model", net, "--weights", mean], /a binaryproto, where a caffemodel is wanted/],
  [["test", "--model", net, "--weights", page], /a web page, where a caffemodel is wanted/],
  [["test", "--model", net, "--weights", pointer], /a Git LFS pointer.*, where a caffemodel is wanted/],
  [["test", "--model", net, "--weights", packed], /compressed with gzip, where a caffemodel is wanted/],
  [["test", "--model", net, "--weights", zip], /a zip archive, as PyTorch's.*, where a caffemodel is wanted/],
  [["test", "--model", net, "--weights", onnx], /a model of ONNX, where a caffemodel is wanted/],
  [["test", "--model", net, "--weights", picture], /a PNG image, where a caffemodel is wanted/],
  [["train", "--solver", net], /a net's prototxt, where a solver's prototxt is wanted/],
  [["train", "--solver", weights], /a caffemodel, where a prototxt is wanted/],
  [["train", "--solver", solver, "--snapshot", weights], /a caffemodel, where a solverstate is wanted/],
  [["train", "--solver", solver, "--weights", state], /a solverstate, where a caffemodel is wanted/],
  [["train", "--solver", solver, "--snapshot", hdf5Weights], /is a caffemodel in HDF5, where a solverstate is wanted/],
  [["train", "--solver", solver, "--weights", hdf5State], /is a solverstate in HDF5, where a caffemodel is wanted/],
  [["stats", hdf5State], /is a solverstate in HDF5, where a caffemodel is wanted/],
  [["train", "--solver", empty], /: the file is empty, where a prototxt is wanted/],
  [["test", "--model", empty, "--weights", weights], /: the file is empty, where a prototxt is wanted/],
  [["lint", empty], /: the file is empty, where a prototxt is wanted/],
  [["upgrade", empty, join(folder, "o.prototxt")], /: the file is empty, where a prototxt or a caffemodel is wanted/],
  [["train", "--solver", ""], /the path of a file is empty/],
  [["lint", weights], /a caffemodel, where a prototxt is wanted/],
  [["lint", mean], /a binaryproto, where a prototxt is wanted/],
  [["lint", net, "--weights", state], /a solverstate, where a caffemodel is wanted/],
  [["summary", page], /a web page, where a prototxt is wanted/],
  [["summary", picture], /a PNG image, where a prototxt is wanted/],
  [["summary", wide], /a text in UTF-16.*, where a prototxt is wanted/],
  [["summary", solver], /a solver's prototxt, where a net's prototxt is wanted/],
  [["draw", solver, join(folder, "x.svg")], /a solver's prototxt, where a net's prototxt is wanted/],
  [["fold", net, state, "--output", join(folder, "out")], /a solverstate, where a caffemodel is wanted/],
  [["stats", weights, net], /a net's prototxt, where a caffemodel is wanted/],
  [["summary", hdf5Weights], /an HDF5 file, where a prototxt is wanted/],
])("moka %j names the kind that it was given and the kind that it wants", async (args, message) => {
  const { code, err } = await moka(...args);
  expect(err.split("\n").find((line) => line.startsWith("moka:"))).toMatch(message);
  expect(code).toBe(1);
});

test("a text of one line is a text, everywhere", async () => {
  const text = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } }';
  const loaded = await Net.load(text, { engine: "reference" });
  expect(loaded.inputs).toEqual(["x"]);
  await loaded.dispose();
  expect((await summarize(text)).layers.length).toBe(1);
  expect(await drawNet(text)).toContain("<svg");
  await expect(lint(text)).resolves.toBeDefined();
  await expect(stats(text, weights)).rejects.toThrow("the net has no BatchNorm layers");
  await expect(fold(text, weights)).resolves.toBeDefined();
  const trained = `base_lr: 1 lr_policy: "fixed" snapshot_prefix: "${folder}/one" net_param { ${text} }`;
  const one = await Solver.load(trained, { engine: "reference" });
  expect(one.net.inputs).toEqual(["x"]);
  await one.dispose();
});

test("the kinds of the golden files are those of their names", async () => {
  const { kindOf, kinds } = await import("../proto/file-kind.js");
  const kind = (file: string) => kindOf(readFileSync(file));
  expect([net, solver, weights, state, mean].map(kind)).toEqual(Object.values(kinds));
  expect(kind(golden("files/snapshots/snap_iter_10.solverstate"))).toBe(kinds.state);
});
