import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blobValues, readNet } from "../proto/binary/index.js";
import { MokaError } from "../util/errors.js";
import { floatsOf, type Hdf5Value, isHdf5, readHdf5, writeHdf5 } from "./hdf5.js";

const golden = fileURLToPath(new URL("../../test/golden/files/", import.meta.url));

function numbers(value: Hdf5Value | undefined): { shape: readonly number[]; data: Float32Array | Int32Array } {
  if (value === undefined || typeof value === "string") throw new Error("no numbers");
  return value;
}

describe("readHdf5", () => {
  it("reads a data set of HDF5Data", async () => {
    const values = await readHdf5(await readFile(`${golden}clusters_train.h5`));
    expect([...values.keys()]).toEqual(["data", "label"]);
    expect(numbers(values.get("data")).shape).toEqual([203, 12]);
    const labels = numbers(values.get("label"));
    expect(labels.shape).toEqual([203, 1]);
    expect(new Set(labels.data)).toEqual(new Set([0, 1, 2, 3]));
  });

  it("reads the same weights as from the binary snapshot", async () => {
    const folder = `${golden}snapshots/`;
    const values = await readHdf5(await readFile(`${folder}snap_iter_10.caffemodel.h5`));
    const net = readNet(await readFile(`${folder}snap_iter_10.caffemodel`));
    let blobs = 0;
    for (const layer of net.layer) {
      layer.blobs.forEach((blob, i) => {
        const { data } = numbers(values.get(`data/${layer.name}/${i}`));
        expect(data).toEqual(blobValues(blob).data);
        blobs += 1;
      });
    }
    expect(values.size).toBe(blobs);
    expect(blobs).toBe(9);
  });

  it("reads a solver state with its integers and its string", async () => {
    const values = await readHdf5(await readFile(`${golden}snapshots/snap_iter_10.solverstate.h5`));
    expect(values.get("iter")).toEqual({ shape: [1], data: Int32Array.of(10) });
    expect(values.get("learned_net")).toBe("snap_iter_10.caffemodel.h5");
    expect(numbers(values.get("history/0")).shape).toEqual([16, 12]);
  });

  it("does not change the bytes", async () => {
    const bytes = new Uint8Array(await readFile(`${golden}clusters_test.h5`));
    const before = bytes.slice();
    await readHdf5(bytes);
    expect(Buffer.compare(bytes, before)).toBe(0);
  });

  it("is recognized by its first bytes", async () => {
    expect(isHdf5(await readFile(`${golden}clusters_test.h5`))).toBe(true);
    expect(isHdf5(await readFile(`${golden}glyphs_mean.binaryproto`))).toBe(false);
    expect(isHdf5(new Uint8Array(0))).toBe(false);
  });

  it("refuses a file that is not HDF5, and works afterwards", async () => {
    const whole = await readFile(`${golden}clusters_test.h5`);
    await expect(readHdf5(Buffer.from("hello, world"), "x.h5")).rejects.toMatchObject({
      code: "MOKA_DATA",
      message: "x.h5: not an HDF5 file, or damaged: file signature not found",
    });
    await expect(readHdf5(whole.subarray(0, 5000), "cut.h5")).rejects.toThrow("cut.h5: not an HDF5 file, or damaged: ");
    await expect(readHdf5(new Uint8Array(0))).rejects.toMatchObject({ code: "MOKA_DATA" });
    expect((await readHdf5(whole)).size).toBe(2);
  });

  it("refuses or reads a damaged file, never more", async () => {
    const whole = new Uint8Array(await readFile(`${golden}snapshots/snap_iter_10.solverstate.h5`));
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = whole.slice();
        for (const [offset, value] of changes) bytes[offset] = value;
        try {
          await readHdf5(bytes);
        } catch (error) {
          if (!(error instanceof MokaError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
    expect((await readHdf5(whole)).size).toBe(12);
  });
});

describe("writeHdf5", () => {
  const array = fc.oneof(fc.float32Array(), fc.int32Array()).map((data) => ({ shape: [data.length, 1], data }));
  const value: fc.Arbitrary<Hdf5Value> = fc.oneof(array, fc.stringMatching(/^[ -~äß]{0,20}$/));
  const name = fc.stringMatching(/^[a-z]{1,3}(\/[0-9]{1,2})?$/);

  it("writes what is read back the same", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, value, { maxKeys: 6 }), async (content) => {
        // A path cannot be both a dataset and a group.
        for (const path of Object.keys(content)) delete content[path.split("/").slice(0, -1).join("/")];
        const values = await readHdf5(await writeHdf5(content));
        expect(Object.fromEntries(values)).toEqual({ ...content });
      }),
    );
  });

  it("makes the groups that paths name, and the given ones", async () => {
    const zero = { shape: [], data: Float32Array.of(1.5) };
    const bytes = await writeHdf5(new Map([["data/inception/1x1/0", zero]]), ["data/relu1", "data/inception"]);
    expect([...(await readHdf5(bytes))]).toEqual([["data/inception/1x1/0", zero]]);
  });

  it("says what cannot be written", async () => {
    await expect(writeHdf5({ a: { shape: [3], data: new Float32Array(2) } })).rejects.toThrow(
      "dataset a: 2 values do not fill 3 (3)",
    );
    const one = { shape: [1], data: new Float32Array(1) };
    await expect(writeHdf5({ a: one, "a/b": one })).rejects.toMatchObject({ code: "MOKA_FILE" });
    expect((await readHdf5(await writeHdf5({ a: one }))).size).toBe(1);
  });

  it("floatsOf converts integers to floats", () => {
    expect(floatsOf({ shape: [2], data: Int32Array.of(1, 2) })).toEqual(Float32Array.of(1, 2));
  });
});

const flip = (bytes: Uint8Array, at: number) => void bytes.set([(bytes[at] ?? 0) ^ 1], at);

it("thousands of damaged files leave the library as it was", async () => {
  const whole = await writeHdf5({ data: { shape: [3], data: Float32Array.of(1, 2, 3) } });
  const damaged = whole.slice(0, 900);
  for (let i = 0; i < 2500; i++) {
    flip(damaged, i % 8);
    await expect(readHdf5(damaged)).rejects.toMatchObject({ code: "MOKA_DATA" });
    flip(damaged, i % 8);
  }
  expect((await readHdf5(whole)).get("data")).toEqual({ shape: [3], data: Float32Array.of(1, 2, 3) });
});
