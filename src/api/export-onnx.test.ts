import { expect, test } from "vitest";
import { input, layer, trainedWeights } from "../../test/folding.js";
import { createFiles } from "../platform/memory-files.js";
import { writeNet } from "../proto/binary/index.js";
import { concat } from "../util/bytes.js";
import { CertificateError } from "./certify.js";
import { type ExportOnnxOptions, exportOnnx } from "./export-onnx.js";
import { verifyOnnx } from "./verify-onnx.js";

const text =
  input([2, 3, 6, 6]) +
  layer("Convolution", "c", "data", "convolution_param { num_output: 8 kernel_size: 3 pad: 1 }") +
  layer("BatchNorm", "bn", "c", "", "c") +
  layer("Scale", "sc", "c", "scale_param { bias_term: true }", "c") +
  layer("ReLU", "relu", "c", "", "c") +
  layer("InnerProduct", "fc", "c", "inner_product_param { num_output: 4 }");

const engine = { engine: "reference" } as const;

/** The net's files in a folder, and its export beside it. */
async function exportedFiles(options: ExportOnnxOptions = {}) {
  const bytes = writeNet(await trainedWeights(text, 2));
  const files = createFiles({
    "caffe/net.prototxt": text,
    "caffe/net.caffemodel": concat(bytes instanceof Uint8Array ? [bytes] : bytes),
  });
  const result = await exportOnnx("caffe/net.prototxt", "caffe/net.caffemodel", {
    ...engine,
    files,
    output: "onnx/net.onnx",
    ...options,
  });
  return { files, ...result };
}

test("the model and its certificate are written", async () => {
  const { files, model, certificate, written, externalData } = await exportedFiles();
  expect(written).toEqual(["onnx/net.onnx", "onnx/net.onnx.certificate.json"]);
  expect(await files.read("onnx/net.onnx")).toEqual(model);
  expect(externalData).toEqual({});
  expect(JSON.parse(await files.readText("onnx/net.onnx.certificate.json"))).toEqual(
    JSON.parse(JSON.stringify(certificate)),
  );
  const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
  expect(certificate).toMatchObject({
    format: 1,
    direction: "export",
    opset: 13,
    irVersion: 7,
    files: [
      { kind: "net", path: "../caffe/net.prototxt", sha256: hash },
      { kind: "weights", path: "../caffe/net.caffemodel", sha256: hash },
      { kind: "onnx", path: "net.onnx", sha256: hash },
    ],
    inputs: { data: ["N", 3, 6, 6] },
    outputs: { fc: ["N", 4] },
    batch: { dynamic: true, size: 2 },
    comparison: { ran: true, passed: true, tolerance: 1e-4, seed: 1, runs: [{ batch: 1 }, { batch: 2 }] },
    folded: ["bn", "sc"],
    named: [
      { blob: "c", name: "c@c", layer: "c" },
      { blob: "c", name: "c@bn", layer: "bn" },
      { blob: "c", name: "c@sc", layer: "sc" },
    ],
    verify: "moka verify net.onnx",
  });
});

test("a batch that is fixed is run at its size alone", async () => {
  const { certificate } = await exportedFiles({ batch: 3 });
  expect(certificate).toMatchObject({ inputs: { data: [3, 3, 6, 6] }, comparison: { runs: [{ batch: 3 }] } });
});

test("given values are run too, and their hash is certified", async () => {
  const data = Float32Array.from({ length: 4 * 3 * 36 }, (_, i) => Math.sin(i));
  const { certificate, files } = await exportedFiles({ inputs: { data: { shape: [4, 3, 6, 6], data } }, seed: 5 });
  const given = { kind: "given", shape: [4, 3, 6, 6], sha256: expect.stringMatching(/^[0-9a-f]{64}$/) };
  expect(certificate.comparison).toMatchObject({
    seed: 5,
    runs: [{ batch: 4, inputs: { data: given } }, { batch: 1 }, { batch: 2 }],
  });
  const missing = await verifyOnnx("onnx/net.onnx", { ...engine, files });
  expect(missing.problems).toEqual(['input "data": its values are not there; give them as inputs (--input data=FILE)']);
  const inputs = { data: { shape: [4, 3, 6, 6], data } };
  expect((await verifyOnnx("onnx/net.onnx", { ...engine, files, inputs })).problems).toEqual([]);
  data[0] = 7;
  const other = await verifyOnnx("onnx/net.onnx", { ...engine, files, inputs });
  expect(other.problems).toEqual(['input "data": its values have changed since it was certified']);
});

test("the same values from a file are found again", async () => {
  const files = createFiles({
    "net.prototxt": text,
    "values/x.json": JSON.stringify({ shape: [1, 3, 6, 6], data: Array.from({ length: 108 }, (_, i) => i % 7) }),
  });
  const options = { ...engine, files };
  await exportOnnx("net.prototxt", undefined, { ...options, output: "a/net.onnx", inputs: { data: "values/x.json" } });
  const report = await verifyOnnx("a/net.onnx", options);
  expect(report.problems).toEqual([]);
  expect(report.comparison?.runs[0]?.inputs.data).toMatchObject({ kind: "given", file: "../values/x.json" });
});

test("beyond the tolerance nothing is written, and the error names the first blob and its place", async () => {
  const attempt = exportedFiles({ tolerance: 1e-12 });
  await expect(attempt).rejects.toThrow(
    /^layer "sc" \(Scale\): blob "c@sc" is the first that is not the same in ONNX Runtime: at \[\d(, \d){3}\] Moka has /,
  );
  const error = await attempt.catch((caught) => caught);
  expect(error).toBeInstanceOf(CertificateError);
  expect(error.code).toBe("MOKA_CERTIFICATE");
  expect(error.certificate.comparison.blobs).toHaveLength(3);
});

test("constants may lie in a file beside the model", async () => {
  const { written, externalData, files, certificate } = await exportedFiles({ externalDataOver: 1000 });
  expect(written).toEqual(["onnx/net.onnx.data", "onnx/net.onnx", "onnx/net.onnx.certificate.json"]);
  expect(Object.keys(externalData)).toEqual(["net.onnx.data"]);
  expect(certificate.comparison).toMatchObject({ ran: true, passed: true });
  expect((await verifyOnnx("onnx/net.onnx", { ...engine, files })).problems).toEqual([]);
  const data = await files.read("onnx/net.onnx.data");
  data[5] = 1 ^ (data[5] ?? 0);
  files.add("onnx/net.onnx.data", data);
  expect((await verifyOnnx("onnx/net.onnx", { ...engine, files })).problems).toEqual([
    "the model's constants (net.onnx.data): the file has changed since it was certified",
  ]);
});

const absent = async () => {
  throw new Error("ONNX Runtime is needed for this, and it is not installed");
};

test("without ONNX Runtime the model is written, and the certificate says that nothing was run", async () => {
  const warnings: string[] = [];
  const log = (severity: string, _: string, message: string) => {
    if (severity === "warning") warnings.push(message);
  };
  const { certificate, written } = await exportedFiles({ runtime: absent, log });
  expect(certificate.comparison).toEqual({
    ran: false,
    reason: "ONNX Runtime is needed for this, and it is not installed",
  });
  expect(written).toEqual(["onnx/net.onnx"]);
  expect(warnings).toEqual([
    "the model is not compared with the Caffe net: ONNX Runtime is needed for this, and it is not installed",
  ]);
  await expect(exportedFiles({ runtime: absent, certify: true })).rejects.toThrow("it is not installed");
  expect((await exportedFiles({ certify: false })).certificate.comparison).toEqual({
    ran: false,
    reason: "it was not asked for",
  });
});

test("text, bytes and messages have no path, and messages no hash", async () => {
  const weights = await trainedWeights(text, 2);
  const { certificate } = await exportOnnx(text, weights, { ...engine, certify: false });
  expect(certificate.files).toMatchObject(
    [{ kind: "net", sha256: /./ }, { kind: "weights" }, { path: "model.onnx" }].map((file) =>
      "sha256" in file ? { ...file, sha256: expect.any(String) } : file,
    ),
  );
  expect(certificate.files[0]?.path).toBeUndefined();
  expect(certificate.files[1]?.sha256).toBeUndefined();
});
