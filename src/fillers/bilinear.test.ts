import { expect, it } from "vitest";
import { filled } from "../../test/filled.js";

it.each([
  { size: 1, line: [1] },
  { size: 3, line: [0.5, 1, 0.5] },
  { size: 4, line: [0.25, 0.75, 0.75, 0.25] },
])("fills each plane with the product of two hats: kernel_size $size", ({ size, line }) => {
  const plane = line.flatMap((y) => line.map((x) => x * y));
  const values = filled({ type: "bilinear" }, [3, 2, size, size]);
  expect([...values]).toEqual(Array.from({ length: 6 }, () => plane).flat());
});

it("upsamples a constant to a constant: weights a stride apart add up to 1", () => {
  const [factor, size] = [3, 5]; // size is 2·factor - factor mod 2
  const values = filled({ type: "bilinear" }, [1, 1, size, size]);
  for (let phase = 0; phase < factor; phase++) {
    let sum = 0;
    for (let x = phase; x < size; x += factor) sum += values[2 * size + x];
    expect(sum).toBeCloseTo(1, 6);
  }
});

it("refuses kernels that are not square, and blobs without kernels", () => {
  expect(() => filled({ type: "bilinear" }, [1, 1, 3, 4])).toThrow(
    "bilinear filler: needs a square kernel, not that of 1 1 3 4 (12)",
  );
  expect(() => filled({ type: "bilinear" }, [4, 4])).toThrow("bilinear filler: needs a blob of 4 axes, not 2");
});
