import { readdirSync, readFileSync } from "node:fs";
import { create, equals, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MokaError } from "../../util/errors.js";
import {
  BlobProtoSchema,
  BlobProtoVectorSchema,
  DatumSchema,
  NetParameterSchema,
  type PoolingParameter_PoolMethod,
  SolverStateSchema,
} from "../gen/caffe_pb.js";
import {
  blobShape,
  blobValues,
  makeBlob,
  readBinary,
  readBlobProto,
  readDatum,
  readNet,
  readSolverState,
  setBlobValues,
  writeBinary,
  writeBlobProto,
  writeDatum,
  writeNet,
  writeSolverState,
} from "./index.js";

const golden = new URL("../../../test/golden/", import.meta.url);

/** The files in a folder of the golden data that C++ Caffe wrote. */
function goldenFiles(folder: string, ending: string): { name: string; url: URL }[] {
  return readdirSync(new URL(folder, golden), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => ({ name: folder + name, url: new URL(folder + name, golden) }));
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

/** A copy that begins at `offset` of its buffer, so that alignment varies. */
function at(offset: number, bytes: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(bytes.length + offset);
  buffer.set(bytes, offset);
  return buffer.subarray(offset);
}

describe("files that C++ wrote", () => {
  const models = [...goldenFiles("train/", ".caffemodel"), ...goldenFiles("files/", ".caffemodel")];
  const states = [...goldenFiles("train/", ".solverstate"), ...goldenFiles("files/", ".solverstate")];
  const means = goldenFiles("files/", ".binaryproto");

  it("are there", () => {
    expect(models.length).toBeGreaterThan(3);
    expect(states.length).toBeGreaterThan(1);
    expect(means.length).toBe(1);
  });

  it.each(models)("$name comes out as it went in", ({ url }) => {
    const bytes = new Uint8Array(readFileSync(url));
    expect(Buffer.compare(join(writeNet(readNet(bytes))), bytes)).toBe(0);
  });

  it.each(states)("$name comes out as it went in", ({ url }) => {
    const bytes = new Uint8Array(readFileSync(url));
    expect(Buffer.compare(join(writeSolverState(readSolverState(bytes))), bytes)).toBe(0);
  });

  it.each(means)("$name comes out as it went in", ({ url }) => {
    const bytes = new Uint8Array(readFileSync(url));
    const mean = readBlobProto(bytes);
    expect(blobShape(mean)).toEqual([1, 1, 28, 28]);
    expect(blobValues(mean).data.length).toBe(784);
    expect(Buffer.compare(writeBlobProto(mean), bytes)).toBe(0);
  });

  it("have the values that a generic reader finds", () => {
    const bytes = new Uint8Array(readFileSync((models[0] as { url: URL }).url));
    const generic = fromBinary(NetParameterSchema, bytes).layer.flatMap((layer) =>
      layer.blobs.map((blob) => blob.data),
    );
    const own = readNet(bytes).layer.flatMap((layer) => layer.blobs.map((blob) => Array.from(blobValues(blob).data)));
    expect(own).toEqual(generic);
  });
});

describe("readNet", () => {
  const net = create(NetParameterSchema, {
    name: "n",
    layer: [{ name: "ip", type: "InnerProduct", blobs: [{ shape: { dim: [2n, 2n] }, data: [1, 2, 3, 4] }] }],
  });
  const bytes = toBinary(NetParameterSchema, net);

  it("keeps values beside the message, at any alignment", () => {
    for (const offset of [0, 1, 2, 3]) {
      const blob = readNet(at(offset, bytes)).layer[0]?.blobs[0];
      expect(blob?.data).toEqual([]);
      expect(blob && blobValues(blob)).toEqual({ data: Float32Array.of(1, 2, 3, 4) });
      expect(blob && blobShape(blob)).toEqual([2, 2]);
    }
  });

  it("makes views of the file where they can be", () => {
    const views = [0, 1, 2, 3].filter((offset) => {
      const file = at(offset, bytes);
      const blob = readNet(file).layer[0]?.blobs[0];
      return blob && blobValues(blob).data.buffer === file.buffer;
    });
    expect(views.length).toBe(1);
  });

  it("never copies large values with mayChangeBytes", () => {
    const data = Array.from({ length: 5000 }, (_, i) => i);
    const large = toBinary(
      NetParameterSchema,
      create(NetParameterSchema, { layer: [{ blobs: [{ data, diff: data }] }] }),
    );
    for (const offset of [0, 1, 2, 3]) {
      const file = at(offset, large);
      const blob = readNet(file, "large", { mayChangeBytes: true }).layer[0]?.blobs[0];
      const values = blob && blobValues(blob);
      expect(values?.data.buffer === file.buffer && values?.diff?.buffer === file.buffer).toBe(true);
      expect(values?.data).toEqual(Float32Array.from(data));
      expect(values?.diff).toEqual(Float32Array.from(data));
    }
  });

  it("takes single, packed and mixed values", () => {
    const blob = new BinaryWriter()
      .tag(5, WireType.Bit32)
      .float(1)
      .tag(5, WireType.LengthDelimited)
      .uint32(8)
      .float(2)
      .float(3)
      .tag(1, WireType.Varint)
      .int32(1)
      .tag(6, WireType.Bit32)
      .float(-1)
      .tag(5, WireType.Bit32)
      .float(4)
      .finish();
    const message = readBlobProto(blob);
    expect(blobValues(message)).toEqual({ data: Float32Array.of(1, 2, 3, 4), diff: Float32Array.of(-1) });
    expect(blobShape(message)).toEqual([1, 0, 0, 0]);
  });

  it("takes single doubles, and keeps every bit of a NaN", () => {
    const nan = Uint8Array.of(1, 2, 0xa0, 0x7f); // a signaling NaN: a conversion would make it a quiet one
    const writer = new BinaryWriter();
    for (const value of [0.1, 0.2, 0.3]) writer.tag(8, WireType.Bit64).double(value);
    for (let i = 0; i < 3; i++) writer.tag(6, WireType.Bit32).raw(nan);
    const read = readBlobProto(at(1, writer.finish()));
    expect(blobValues(read).data).toEqual(Float32Array.of(0.1, 0.2, 0.3));
    const diff = blobValues(read).diff as Float32Array;
    expect(new Uint8Array(diff.buffer, diff.byteOffset, 12)).toEqual(Uint8Array.of(...nan, ...nan, ...nan));
  });

  it("prefers double_data, as Caffe does, and writes it back in full precision", () => {
    const blob = create(BlobProtoSchema, { data: [9], doubleData: [Math.PI, 2], doubleDiff: [0.1] });
    const bytes = toBinary(BlobProtoSchema, blob);
    const read = readBlobProto(bytes);
    expect(blobValues(read)).toEqual({ data: Float32Array.of(Math.PI, 2), diff: Float32Array.of(0.1) });
    expect(writeBlobProto(read)).toEqual(bytes);
    setBlobValues(read, { data: Float32Array.of(7) });
    expect(fromBinary(BlobProtoSchema, writeBlobProto(read))).toEqual(create(BlobProtoSchema, { data: [7] }));
  });

  it("reads values from a message that was not read from binary", () => {
    const blob = create(BlobProtoSchema, { num: 1, channels: 2, height: 3, width: 4, data: [1, 2], diff: [3] });
    expect(blobValues(blob)).toEqual({ data: Float32Array.of(1, 2), diff: Float32Array.of(3) });
    expect(blobShape(blob)).toEqual([1, 2, 3, 4]);
    expect(writeBlobProto(blob)).toEqual(toBinary(BlobProtoSchema, blob));
  });

  it("finds the blobs of V0 and V1 layers", () => {
    const old: MessageInitShape<typeof NetParameterSchema> = {
      layers: [{ layer: { name: "v0", blobs: [{ data: [1] }] } }, { name: "v1", blobs: [{ data: [2] }] }],
    };
    const bytes = toBinary(NetParameterSchema, create(NetParameterSchema, old));
    const net = readNet(bytes);
    const v0 = net.layers[0]?.layer?.blobs[0];
    const v1 = net.layers[1]?.blobs[0];
    expect(v0 && blobValues(v0).data).toEqual(Float32Array.of(1));
    expect(v1 && blobValues(v1).data).toEqual(Float32Array.of(2));
    expect(join(writeNet(net))).toEqual(bytes);
  });

  it("keeps unknown fields, and known ones of a wrong wire type", () => {
    const extra = new BinaryWriter()
      .tag(1234, WireType.StartGroup)
      .tag(1, WireType.Varint)
      .int32(5)
      .tag(1234, WireType.EndGroup)
      .tag(1, WireType.Bit32) // name, which is a string
      .float(1)
      .tag(4000, WireType.LengthDelimited)
      .string("x")
      .finish();
    const net = readNet(join([bytes, extra]));
    expect(net.name).toBe("n");
    expect(join(writeNet(net))).toEqual(join([bytes, extra]));
  });

  it("merges a message that comes twice, as protobuf does", () => {
    const half = (pool: MessageInitShape<typeof NetParameterSchema>) =>
      toBinary(NetParameterSchema, create(NetParameterSchema, pool));
    const both = join([half({ state: { level: 3 } }), half({ state: { stage: ["a"] } })]);
    expect(readNet(both)).toEqual(fromBinary(NetParameterSchema, both));
  });

  it("says where a file is damaged", () => {
    const cut = bytes.subarray(0, bytes.length - 3);
    expect(() => readNet(cut, "cut.caffemodel")).toThrow(
      "cut.caffemodel: damaged at byte 3: a field of 44 bytes, where 41 are left",
    );
    const error = caught(() => readNet(cut));
    expect(error.code).toBe("MOKA_PARSE");
  });

  it.each([
    ["version https://git-lfs.github.com/spec/v1\noid sha256:1", "Git LFS pointer"],
    ["<!DOCTYPE html><html>", "web page"],
    ['name: "LeNet"\nlayer { name: "data" }', "a net's prototxt"],
    ["Not found, the server said", "text file"],
    ["\x89HDF\r\n\x1a\n", "HDF5"],
  ])("recognises what is no caffemodel: %j", (text, what) => {
    expect(() => readNet(Buffer.from(text, "latin1"), "x")).toThrow(what);
  });

  it("refuses an axis that no blob can have", () => {
    expect(() => blobShape(create(BlobProtoSchema, { shape: { dim: [-1n] } }))).toThrow(MokaError);
    expect(() => blobShape(create(BlobProtoSchema, { shape: { dim: [1n << 40n] } }))).toThrow(MokaError);
  });
});

describe("writing", () => {
  it("does not copy long values", () => {
    const data = new Float32Array(new SharedArrayBuffer(40_000));
    const chunks = writeNet(
      create(NetParameterSchema, { layer: [{ name: "a", blobs: [makeBlob([10_000], { data })] }] }),
    );
    expect(chunks.some((chunk) => chunk.buffer === data.buffer && chunk.length === 40_000)).toBe(true);
  });

  it("refuses what the format cannot hold", () => {
    const data = new Float32Array(2 ** 28);
    const twice = create(NetParameterSchema, {
      layer: [{ blobs: [makeBlob([1], { data }), makeBlob([1], { data })] }],
    });
    expect(() => writeNet(twice)).toThrow("HDF5 holds more");
  });
});

describe("any message", () => {
  const floats = fc.array(fc.float({ noNaN: true }), { maxLength: 300 });
  const text = fc.string({ maxLength: 8 });
  const blob = fc.record(
    {
      num: fc.nat(9),
      shape: fc.record({ dim: fc.array(fc.nat(1000).map(BigInt), { maxLength: 3 }) }),
      data: floats,
      diff: floats,
      doubleData: fc.array(fc.double({ noNaN: true }), { maxLength: 9 }),
      doubleDiff: fc.array(fc.double({ noNaN: true }), { maxLength: 9 }),
    },
    { requiredKeys: [] },
  );
  const blobs = fc.array(blob, { maxLength: 3 });
  const layer = fc.record(
    {
      name: text,
      bottom: fc.array(text, { maxLength: 3 }),
      lossWeight: floats,
      blobs,
      poolingParam: fc.record(
        { pool: fc.constantFrom(...[0, 1, 2].map((i) => i as PoolingParameter_PoolMethod)), kernelSize: fc.nat() },
        { requiredKeys: [] },
      ),
      propagateDown: fc.array(fc.boolean(), { maxLength: 3 }),
    },
    { requiredKeys: [] },
  );
  const net = fc
    .record(
      {
        name: text,
        inputDim: fc.array(fc.integer(), { maxLength: 4 }),
        layer: fc.array(layer, { maxLength: 4 }),
        layers: fc.array(fc.record({ name: text, blobs, layer: fc.record({ blobs }) }, { requiredKeys: [] }), {
          maxLength: 2,
        }),
        forceBackward: fc.boolean(),
      },
      { requiredKeys: [] },
    )
    .map((init) => create(NetParameterSchema, init));

  it("is written as protobuf-es writes it, and read back the same", () => {
    fc.assert(
      fc.property(net, fc.nat(3), fc.boolean(), (message, offset, mayChangeBytes) => {
        const bytes = toBinary(NetParameterSchema, message);
        expect(join(writeNet(message))).toEqual(bytes);
        // As a message, unlike as a file, no bytes are a net without fields.
        const again = readBinary(NetParameterSchema, at(offset, bytes), "random", { mayChangeBytes });
        expect(join(writeNet(again))).toEqual(bytes);
        expect(equals(NetParameterSchema, fromBinary(NetParameterSchema, join(writeNet(again))), message)).toBe(true);
      }),
    );
  });

  it("of a solver state or a row of blobs comes back", () => {
    fc.assert(
      fc.property(blobs, fc.nat(), (history, iter) => {
        const state = toBinary(SolverStateSchema, create(SolverStateSchema, { iter, history }));
        expect(join(writeSolverState(readSolverState(state)))).toEqual(state);
        const vector = toBinary(BlobProtoVectorSchema, create(BlobProtoVectorSchema, { blobs: history }));
        expect(join(writeBinary(BlobProtoVectorSchema, readBinary(BlobProtoVectorSchema, vector)))).toEqual(vector);
      }),
    );
  });

  it("that is damaged is refused or read, never more", () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(net, damage, fc.nat(), (message, changes, cut) => {
        const whole = toBinary(NetParameterSchema, message);
        const bytes = whole.slice(0, Math.max(0, whole.length - (cut % 20)));
        for (const [where, value] of changes) if (bytes.length > 0) bytes[where % bytes.length] = value;
        expectRefusedOrSmall(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it("of random bytes is refused or read, never more", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectRefusedOrSmall(bytes)),
      { numRuns: 1000 },
    );
  });

  /** Whatever lengths `bytes` contains, the result has no more values than there are bytes. */
  function expectRefusedOrSmall(bytes: Uint8Array): void {
    for (const mayChangeBytes of [false, true]) {
      try {
        const { layer, layers } = readNet(bytes.slice(), "damaged", { mayChangeBytes });
        let total = 0;
        for (const { blobs } of [...layer, ...layers, ...layers.flatMap((old) => old.layer ?? [])]) {
          for (const blob of blobs) {
            const { data, diff } = blobValues(blob);
            total += data.byteLength + (diff?.byteLength ?? 0);
          }
        }
        expect(total).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(MokaError);
        expect((error as MokaError).code).toBe("MOKA_PARSE");
        expect((error as MokaError).message).toMatch(
          /^damaged(: damaged at byte \d+: |: the file is empty, where | is .*, where )/,
        );
      }
    }
  }
});

describe("readDatum", () => {
  const datum = fc.record(
    {
      channels: fc.integer({ min: -5, max: 5 }),
      height: fc.nat(300),
      width: fc.nat(300),
      data: fc.uint8Array({ minLength: 1, maxLength: 50 }),
      label: fc.integer(),
      floatData: fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 20 }),
      encoded: fc.boolean(),
    },
    { requiredKeys: ["channels", "height", "width", "data", "label"] },
  );

  it("reads what protobuf writes, and protobuf reads what it writes", () => {
    fc.assert(
      fc.property(datum, (values) => {
        const { floatData, ...rest } = values;
        const own = { ...rest, ...(floatData && { floatData: Float32Array.from(floatData) }) };
        const bytes = toBinary(DatumSchema, create(DatumSchema, values));
        expect(writeDatum(own)).toEqual(bytes);
        expect(readDatum(bytes)).toEqual(own);
      }),
    );
  });

  it("takes packed floats and unknown fields", () => {
    const bytes = new BinaryWriter()
      .tag(6, WireType.Bit32)
      .float(1)
      .tag(99, WireType.Varint)
      .int32(1)
      .tag(6, WireType.LengthDelimited)
      .uint32(8)
      .float(2)
      .float(3)
      .finish();
    expect(readDatum(bytes).floatData).toEqual(Float32Array.of(1, 2, 3));
  });

  it("refuses damaged bytes only", () => {
    expect(() => readDatum(Uint8Array.of(0x22, 200, 1, 0), "record 00000007")).toThrow(
      "record 00000007: damaged at byte 0: ",
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          const { data, floatData } = readDatum(bytes);
          expect(data.length + (floatData?.byteLength ?? 0)).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect((error as MokaError).code).toBe("MOKA_PARSE");
        }
      }),
      { numRuns: 1000 },
    );
  });
});

function caught(run: () => unknown): MokaError {
  try {
    run();
  } catch (error) {
    if (error instanceof MokaError) return error;
  }
  throw new Error("nothing was thrown");
}
