import fc from "fast-check";
import { expect, test } from "vitest";
import { batchesOfArrays } from "./batches.js";

test("arrays are cut into batches row by row, and start again where they end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 12 }), async (rows, size) => {
      const source = batchesOfArrays(
        {
          x: { shape: [rows, 2], data: Float32Array.from({ length: 2 * rows }, (_, i) => i) },
          y: { shape: [rows], data: Float32Array.from({ length: rows }, (_, i) => i) },
        },
        size,
      );
      const taken = Math.min(rows, size);
      expect(source.shapes.get("x")).toEqual([taken, 2]);
      expect(source.length).toBe(Math.floor(rows / taken));
      const seen: number[] = [];
      for (let i = 0; i < 4; i++) {
        const batch = await source.next();
        const labels = [...(batch.get("y")?.data ?? [])];
        expect([...(batch.get("x")?.data ?? [])]).toEqual(labels.flatMap((row) => [2 * row, 2 * row + 1]));
        seen.push(...labels);
      }
      expect(seen).toEqual(seen.map((_, i) => i % rows));
    }),
  );
});

test("arrays of different numbers of rows, or of none, are refused", () => {
  const x = { shape: [2, 2], data: new Float32Array(4) };
  expect(() => batchesOfArrays({ x, y: { shape: [3], data: new Float32Array(3) } }, 1)).toThrow(
    /as many rows as "x", 2/,
  );
  expect(() => batchesOfArrays({ x: { shape: [0, 2], data: new Float32Array(0) } }, 1)).toThrow(/rows/);
  expect(() => batchesOfArrays({ x: { shape: [], data: new Float32Array(1) } }, 1)).toThrow(/rows/);
  expect(() => batchesOfArrays({ x: { shape: [2, 3], data: x.data } }, 1)).toThrow(/4 values/);
});
