import { expect, test } from "vitest";
import { halfsToFloats } from "./half.js";

/** The value by the definition of the format. */
function definition(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

test("all 65,536 values are exact", () => {
  const halfs = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const floats = halfsToFloats(halfs);
  const wrong = [...halfs].filter((half) => !Object.is(floats[half], definition(half)));
  expect(wrong).toEqual([]);
  expect([...halfsToFloats(Uint16Array.of(0x3c00, 0xc000, 0x7bff, 1))]).toEqual([1, -2, 65504, 2 ** -24]);
});
