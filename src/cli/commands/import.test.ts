import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { modelOf, node } from "../../../test/onnx/nodes.js";
import { targets } from "../../onnx/targets/index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-import-"));
const at = (name: string) => join(folder, name);
const model = fileURLToPath(new URL("../../../test/onnx/models/shuffle_unit_11.onnx", import.meta.url));
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(at(name), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

test("writes both files, says what was assumed, and what it wrote runs", async () => {
  const { code, out, err } = await moka("import", model, "-o", at("net"));
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(/^torch_jit: \d+ layers: Input, 4 Convolution, /m);
  expect(out).toContain('! input "x": its batch ("batch") is open, and taken as 1; give its shape');
  expect(out).toMatch(/^All \d+ blobs within 0\.0001 of the largest value$/m);
  const [net, weights, certificate] = ["prototxt", "caffemodel", "certificate.json"].map((end) => at(`net.${end}`));
  expect(out).toContain(`Wrote ${net} and ${weights} and ${certificate}`);
  const verified = await moka("verify", model, certificate ?? "");
  expect([verified.code, verified.err]).toEqual([0, ""]);
  const run = await moka("run", "--model", at("net.prototxt"), "--weights", at("net.caffemodel"), "--input", "x=zeros");
  expect(run.code).toBe(0);
});

test("beyond the tolerance it shows all, names the first blob, exits with 1 and writes nothing", async () => {
  const { code, out, err } = await moka(
    "import",
    model,
    "-o",
    at("net"),
    "--tolerance",
    "1e-13",
    "--engine",
    "reference",
  );
  expect(code).toBe(1);
  expect(out).toContain("DIFFERS");
  expect(err).toMatch(/is the first that is not the same in ONNX Runtime: .* \[MOKA_CERTIFICATE\]\n$/);
  expect(readdirSync(folder)).toEqual([]);
});

test("--json, --target and --shape; without -o nothing is written", async () => {
  const { code, out } = await moka("import", model, "--target", "bvlc", "--shape", "x=2,3,14,14", "--json");
  const { layers, names, notes, written } = JSON.parse(out);
  expect([code, notes, written]).toEqual([0, [], []]);
  expect(layers.map(({ type }: { type: string }) => type)).not.toContain("ShuffleChannel");
  expect(names).toMatchObject({ x: "x", y0: "y0" });
  expect(readdirSync(folder)).toEqual([]);
});

test("a model that the target cannot say exits with 1, names every node, and writes nothing", async () => {
  const nodes = [
    { op: "NonZero", inputs: ["x"], outputs: ["a"] },
    { op: "Relu", inputs: ["a"], outputs: ["b"] },
    { op: "Erf", inputs: ["x"], outputs: ["c"] },
    { op: "Add", inputs: ["b", "c"] },
  ];
  writeFileSync(at("model.onnx"), modelOf({ inputs: { x: [1, 2] }, nodes }));
  const { code, err } = await moka("import", at("model.onnx"), "-o", at("net"));
  expect(code).toBe(1);
  expect(err).toContain("2 nodes cannot be imported:");
  expect(err).toContain(
    'node 0 "node0" (NonZero) of "x": the operator has no mapping to Caffe\'s layers; cut the model before it',
  );
  expect(err).toContain('node 2 "node2" (Erf) of "x": the operator has no mapping');
  expect(readdirSync(folder)).toEqual(["model.onnx"]);
});

test("a wrong call exits with 2", async () => {
  writeFileSync(at("model.onnx"), modelOf({ inputs: { x: [1, "height"] }, nodes: [node("Relu")] }));
  const open = await moka("import", at("model.onnx"));
  expect([open.code, open.err]).toEqual([
    2,
    expect.stringContaining('input "x": the size of axis 1 ("height") is open; give its shape'),
  ]);
  const unknown = await moka("import", at("model.onnx"), "--target", "tensorrt");
  expect([unknown.code, unknown.err]).toEqual([
    2,
    expect.stringContaining('there is no target "tensorrt"; there are moka, bvlc,'),
  ]);
  expect((await moka("import")).code).toBe(2);
});

test("the help has all targets", async () => {
  const { out } = await moka("import", "--help");
  for (const { name } of targets) expect(out).toMatch(new RegExp(`Targets:.*\\b${name}\\b`));
  expect(readFileSync(model).length).toBeGreaterThan(0);
});
