import { describe, expect, it } from "vitest";
import { exponential, normal, unitNormal } from "./ziggurat.js";

describe.each([
  { name: "normal", table: normal, layers: 128, density: (x: number) => Math.exp((-x * x) / 2) },
  { name: "exponential", table: exponential, layers: 256, density: (x: number) => Math.exp(-x) },
])("the $name ziggurat", ({ table, layers, density }) => {
  it("ends at the peak", () => {
    expect(table.x).toHaveLength(layers + 1);
    expect(table.x[layers]).toBe(0);
    expect(table.y[layers]).toBe(1);
  });

  it("has its corners on the curve, falling", () => {
    for (let i = 1; i <= layers; i++) {
      expect(table.y[i]).toBe(Math.fround(density(table.x[i])));
      expect(table.x[i]).toBeLessThan(table.x[i - 1]);
    }
  });

  it("has layers of equal area, up to the top one, which only the right constants give", () => {
    const area = table.x[0] * density(table.x[1]);
    for (let i = 1; i < layers; i++) {
      const height = density(table.x[i + 1]) - density(table.x[i]);
      expect(Math.abs((table.x[i] * height) / area - 1)).toBeLessThan(1e-11);
    }
  });
});

it("a draw's lowest bit is its sign, the next seven its layer, the others its place", () => {
  const drawn = (bits: number) => unitNormal({ next: () => bits });
  expect(drawn(0x80000000 | (3 << 1) | 1)).toBe(Math.fround(0.5 * Math.fround(normal.x[3])));
  expect(drawn(0x80000000 | (3 << 1))).toBe(-Math.fround(0.5 * Math.fround(normal.x[3])));
});
