import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { moka } from "../../../test/cli.js";
import { rules } from "../../lint/rules/index.js";
import { blobValues, makeBlob, readNet, writeNet } from "../../proto/binary/index.js";
import { LayerParameterSchema, NetParameterSchema } from "../../proto/gen/caffe_pb.js";

const bad = `input: "x" input_shape { dim: 2 dim: 3 dim: 4 dim: 4 }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
layer { name: "s" type: "Scale" bottom: "y" top: "y" } # the scale
`;
const good = bad.replace('top: "y" } #', 'top: "y" scale_param { bias_term: true } } #');
const id = "scale-without-bias";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moka-fix-"));
  const levels = { ...Object.fromEntries(rules.map((rule) => [rule.id, "off"])), [id]: "warning" };
  put("moka.config.json", JSON.stringify({ lint: { rules: levels } }));
  put("net.prototxt", bad);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const path = (name: string) => join(folder, name);
const put = (name: string, content: string | Uint8Array) => writeFileSync(path(name), content);
const get = (name: string) => readFileSync(path(name), "utf8");

test("files are repaired in place, and what was repaired is told", async () => {
  const { code, out } = await moka("fix", path("net.prototxt"));
  expect(code).toBe(0);
  expect(get("net.prototxt")).toBe(good);
  expect(out).toContain(`${path("net.prototxt")}:3:1  fixed  layer "s" (Scale)`);
  expect(out).toMatch(/\nfixed 1 problem in 1 file\n$/);
});

test("a file with nothing to repair is not written", async () => {
  put("net.prototxt", good);
  const { mtimeMs, ino } = statSync(path("net.prototxt"));
  expect((await moka("fix", path("net.prototxt"))).out).toBe("fixed 0 problems in 0 files\n");
  expect(statSync(path("net.prototxt"))).toMatchObject({ mtimeMs, ino });
});

test("--diff prints the changes and writes nothing", async () => {
  const { out, err } = await moka("fix", "--diff", path("net.prototxt"));
  expect(get("net.prototxt")).toBe(bad);
  expect(out).toBe(`--- ${path("net.prototxt")}
+++ ${path("net.prototxt")}
@@ -1,3 +1,3 @@
 input: "x" input_shape { dim: 2 dim: 3 dim: 4 dim: 4 }
 layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
-layer { name: "s" type: "Scale" bottom: "y" top: "y" } # the scale
+layer { name: "s" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } } # the scale
`);
  expect(err).toContain("would fix 1 problem in 1 file; nothing is written\n");
});

test("--output writes another file, or stdout", async () => {
  await moka("fix", path("net.prototxt"), "-o", path("out.prototxt"));
  expect([get("net.prototxt"), get("out.prototxt")]).toEqual([bad, good]);
  const { out, err } = await moka("fix", path("net.prototxt"), "--output", "-");
  expect([get("net.prototxt"), out]).toEqual([bad, good]);
  expect(err).toContain("fixed 1 problem");
});

test("stdin goes to stdout", async () => {
  const given = Readable.from([Buffer.from(bad)]) as typeof process.stdin;
  vi.spyOn(process, "stdin", "get").mockReturnValue(given);
  const { out } = await moka("fix", "-", "--config", path("moka.config.json"));
  expect(out).toBe(good);
});

test("errors that are left make it fail, and --json says what was done", async () => {
  const { code, out } = await moka("fix", "--json", "--rule", "unknown-layer=error", path("net.prototxt"));
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    files: [{ file: path("net.prototxt"), changed: true, fixed: [{ rule: id, line: 3, column: 1 }], findings: [] }],
  });
  put("net.prototxt", `${bad}layer { name: "z" type: "Nonsense" bottom: "y" top: "z" }\n`);
  const left = await moka("fix", "--rule", "unknown-layer=error", path("net.prototxt"));
  expect(left.code).toBe(1);
  expect(left.out).toContain("fixed 1 problem in 1 file\n\nleft:\n\n");
  expect(left.out).toContain(`${path("net.prototxt")}:4:1`);
});

test("the nets that a solver names are repaired too, but not with --output", async () => {
  const solver = 'net: "net.prototxt"\nbase_lr: 0.1\n';
  put("solver.prototxt", solver);
  await moka("fix", path("solver.prototxt"), "-o", path("other.prototxt"));
  expect([get("net.prototxt"), get("other.prototxt")]).toEqual([bad, solver]);
  expect((await moka("fix", path("solver.prototxt"))).code).toBe(0);
  expect([get("net.prototxt"), get("solver.prototxt")]).toEqual([good, solver]);
});

test("what two nets of a solver have in common is told once, and is gone from both when it is repaired", async () => {
  const net = (
    name: string,
  ) => `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 } } }
layer { name: "${name}" type: "BatchNorm" bottom: "x" top: "x" }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 3 } }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "x" top: "loss" }
`;
  put("train.prototxt", net("bn"));
  put("test.prototxt", net("bn_test"));
  put("solver.prototxt", 'train_net: "train.prototxt"\ntest_net: "test.prototxt"\ntest_iter: 1\ntest_interval: 10\n');
  const rule = ["--rule", "bn-names-differ=error"];
  const { out } = await moka("lint", path("solver.prototxt"), ...rule);
  expect(out.match(/another name.*$/gm)).toEqual([
    'another name than in TRAIN, where "bn" is in its place  bn-names-differ',
  ]);
  const alone = await moka("lint", path("train.prototxt"), "--solver", path("solver.prototxt"), ...rule);
  expect(alone.out).toContain('another name in the test net, where "bn_test" is in its place');
  const fixed = await moka("fix", path("solver.prototxt"), ...rule);
  expect(fixed.out).toMatch(/\nfixed 1 problem in 1 file\n$/);
  expect([fixed.code, get("train.prototxt"), get("test.prototxt")]).toEqual([0, net("bn"), net("bn")]);
});

test("weights that a repair changes go to a file of their own", async () => {
  const net = `input: "x" input_shape { dim: 2 dim: 1 dim: 4 dim: 4 }
layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" batch_norm_param { use_global_stats: true } }
`;
  const blob = (...data: number[]) => makeBlob([data.length], { data: Float32Array.from(data) });
  const kernel = makeBlob([2, 1, 1, 1], { data: Float32Array.of(1, 2) });
  const layer = [
    create(LayerParameterSchema, { name: "conv", type: "Convolution", blobs: [kernel, blob(3, 5)] }),
    create(LayerParameterSchema, { name: "bn", type: "BatchNorm", blobs: [blob(10, 20), blob(1, 1), blob(1)] }),
  ];
  const weights = Buffer.concat(writeNet(create(NetParameterSchema, { layer })));
  put("net.prototxt", net);
  put("w.caffemodel", weights);
  const args = ["fix", path("net.prototxt"), "--rule", "bias-before-bn=warning", "--weights", path("w.caffemodel")];

  await moka(...args, "--diff");
  expect(existsSync(path("w.fixed.caffemodel"))).toBe(false);
  const { out } = await moka(...args);
  expect(out).toContain(`wrote the weights that belong to it to ${path("w.fixed.caffemodel")}\n`);
  expect(get("net.prototxt")).toContain("bias_term: false");
  expect(readFileSync(path("w.caffemodel")).equals(weights)).toBe(true);
  const [conv, bn] = readNet(readFileSync(path("w.fixed.caffemodel"))).layer;
  expect(conv?.blobs).toHaveLength(1);
  expect([...blobValues(bn?.blobs[0] ?? blob()).data]).toEqual([7, 15]); // what was 10 and 20, without the biases

  put("net.prototxt", net);
  await moka(...args, "--weights-out", path("mine.caffemodel"));
  expect(readFileSync(path("mine.caffemodel")).equals(readFileSync(path("w.fixed.caffemodel")))).toBe(true);
  put("net.prototxt", net);
  const several = await moka(...args.slice(0, -1), `${path("mine.caffemodel")},${path("w.caffemodel")}`);
  expect([several.code, get("net.prototxt")]).toEqual([2, net]);
  expect(several.err).toContain("say with --weights-out where to write them");
});

test.each([
  [["NET", "NET", "-o", "x"], "give one file"],
  [["NET", "-"], "give one file"],
  [["NET", "-o", "-", "--json"], "cannot both go to stdout"],
  [[], "missing required argument 'files'"],
])("the wrong call fix %j exits with 2 and says why", async (args, message) => {
  const { code, out, err } = await moka("fix", ...args.map((each) => each.replace("NET", path("net.prototxt"))));
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(message);
  expect(get("net.prototxt")).toBe(bad);
});
