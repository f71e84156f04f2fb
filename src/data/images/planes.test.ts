import { expect, test } from "vitest";
import { toPlanes } from "./planes.js";

test("toPlanes separates channels; one channel is unchanged", () => {
  const data = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const image = { width: 2, height: 1, channels: 3, data };
  expect(toPlanes(image)).toEqual(Uint8Array.of(1, 4, 2, 5, 3, 6));
  expect(toPlanes({ width: 3, height: 2, channels: 1, data })).toBe(data);
});
