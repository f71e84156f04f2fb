import { expect, it } from "vitest";
import { readSafetensors } from "./safetensors.js";

function file(header: object, values: readonly number[]): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + 4 * values.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(new Uint8Array(Float32Array.from(values).buffer), 8 + json.length);
  return bytes;
}

it("reads tensors, their shapes and the metadata, at any alignment", () => {
  const header = {
    __metadata__: { seed: "42", "any length": "x" },
    a: { dtype: "F32", shape: [2, 1], data_offsets: [0, 8] },
    "b/0": { dtype: "F32", shape: [], data_offsets: [8, 12] },
  };
  const { metadata, tensors } = readSafetensors(file(header, [1, -2, 0.5]));
  expect(metadata["seed"]).toBe("42");
  expect(tensors.get("a")).toEqual({ shape: [2, 1], data: Float32Array.of(1, -2) });
  expect(tensors.get("b/0")).toEqual({ shape: [], data: Float32Array.of(0.5) });
});

it("reads from a Buffer, whose memory is shared", () => {
  const header = { a: { dtype: "F32", shape: [2], data_offsets: [0, 8] } };
  expect(readSafetensors(Buffer.from(file(header, [3, 4]))).tensors.get("a")?.data).toEqual(Float32Array.of(3, 4));
});

it("refuses other types, and tensors that are not all there", () => {
  for (const tensor of [
    { dtype: "F64", shape: [1], data_offsets: [0, 8] },
    { dtype: "F32", shape: [3], data_offsets: [0, 8] },
    { dtype: "F32", shape: [4], data_offsets: [0, 16] },
  ]) {
    expect(() => readSafetensors(file({ a: tensor }, [1, 2]))).toThrow(/^tensor "a"/);
  }
});
