// A public model whose weights NVCaffe wrote in half precision.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Net } from "../../src/index.js";

const folder = fileURLToPath(new URL("../cases/half-float/", import.meta.url));

test("weights in half precision are loaded, and compute", async () => {
  const net = await Net.load(`${folder}half.prototxt`, { phase: "TEST", weights: `${folder}half.caffemodel` });
  const [weights, bias] = net.params.get("conv4-1") ?? [];
  expect([weights?.count, bias?.count]).toEqual([64, 2]);
  expect(weights?.data.every((value) => value !== 0 && Math.abs(value) < 10)).toBe(true);
  const outputs = await net.forward({ data: Float32Array.from({ length: 432 }, (_, i) => Math.sin(i)) });
  for (const values of Object.values(outputs)) expect(values.every(Number.isFinite)).toBe(true);
  expect(Object.values(outputs).some((values) => values.some((value) => value !== 0))).toBe(true);
  await net.dispose();
});
