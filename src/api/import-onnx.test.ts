import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { modelOf, node } from "../../test/onnx/nodes.js";
import { createFiles, importOnnx, Net, verifyOnnx } from "../index.js";
import { TensorProto_DataLocation as Location, ModelProtoSchema, TensorProtoSchema } from "../onnx/gen/onnx_pb.js";
import { readModel, writeModel } from "../onnx/model.js";

const bytes = modelOf({ inputs: { x: [2, 3] }, nodes: [node("PRelu", {}, ["s"])], constants: {} });

/** A model whose slopes lie in a file. */
function withFile(location: string): Uint8Array {
  const model = readModel(bytes, "test");
  const tensor = create(TensorProtoSchema, {
    name: "s",
    dataType: 1,
    dims: [3n],
    dataLocation: Location.EXTERNAL,
    externalData: [
      { key: "location", value: location },
      { key: "offset", value: "4" },
      { key: "length", value: "12" },
    ],
  });
  model.graph?.initializer.push(tensor);
  return writeModel(create(ModelProtoSchema, model));
}

const slopes = new Uint8Array(new Float32Array([9, 0.5, 0.25, 2]).buffer);

test("reads values from files beside the model, writes both files, and logs the notes", async () => {
  const files = createFiles({ "nets/model.onnx": withFile("data/s.bin"), "nets/data/s.bin": slopes });
  const logged: string[] = [];
  const log = (severity: string, _: string, message: string) => void logged.push(`${severity}: ${message}`);
  const result = await importOnnx("nets/model.onnx", { files, output: "out/net", log });
  expect([result.written, result.notes, logged]).toEqual([
    ["out/net.prototxt", "out/net.caffemodel", "out/net.certificate.json"],
    [],
    [],
  ]);
  const net = await Net.load("out/net.prototxt", { files, weights: "out/net.caffemodel", engine: "reference" });
  const { y } = await net.forward({ x: [-1, -1, -1, 1, -2, -2] });
  expect([...(y ?? [])]).toEqual([-0.5, -0.25, -2, 1, -0.5, -4]);
  await net.dispose();
  expect(result.certificate).toMatchObject({
    direction: "import",
    files: [
      { kind: "net", path: "net.prototxt" },
      { kind: "weights", path: "net.caffemodel" },
      { kind: "onnx", path: "../nets/model.onnx" },
      { kind: "data", path: "data/s.bin" },
    ],
    comparison: { ran: true, passed: true, runs: [{ batch: 2 }], blobs: [{ type: "PReLU", value: "y" }] },
    verify: "moka verify ../nets/model.onnx net.certificate.json",
  });
  const options = { files, certificate: "out/net.certificate.json" };
  expect(await verifyOnnx("nets/model.onnx", options)).toMatchObject({ passed: true, problems: [] });
});

test("values that are given with the bytes; without them they are missing", async () => {
  const model = withFile("s.bin");
  const { weights } = await importOnnx(model, { externalData: { "s.bin": slopes } });
  expect(weights.layer[1]?.blobs.length).toBe(1);
  await expect(importOnnx(model, { file: "m.onnx" })).rejects.toThrow(
    'initializer "s": its values lie in "s.bin", which is not given with the model',
  );
});

test.each(["../s.bin", "/etc/passwd", "a/../../s.bin", "C:\\s.bin", "file:///s.bin"])(
  "a model may not name %s",
  async (location) => {
    const files = createFiles({ "nets/model.onnx": withFile(location) });
    await expect(importOnnx("nets/model.onnx", { files })).rejects.toThrow(
      "which is not in the folder of nets/model.onnx",
    );
  },
);

test("what is no model", async () => {
  await expect(importOnnx(new Uint8Array([1, 2, 3]), { file: "m.onnx" })).rejects.toMatchObject({ code: "MOKA_PARSE" });
  await expect(importOnnx(bytes, { target: "none" })).rejects.toMatchObject({ code: "MOKA_USAGE" });
  await expect(importOnnx(bytes, "net" as never)).rejects.toThrow('importOnnx("model.onnx", { target: "bvlc" })');
});
