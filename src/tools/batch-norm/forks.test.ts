// The tools for the averages of BVLC's BatchNorm say of the batch normalizations of forks that they leave them out.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { calibrate } from "../../api/calibrate.js";
import { doctor } from "../../api/doctor.js";
import { stats } from "../../api/stats.js";

const path = (name: string, file: string) =>
  new URL(`../../../test/golden/forks/nets/${name}/${file}`, import.meta.url);
const net = (name: string) => readFileSync(path(name, "test.prototxt"), "utf8");
const weights = (name: string) => new Uint8Array(readFileSync(path(name, "weights_original.caffemodel")));
const rows = (shape: readonly number[]) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return { data: { shape: [...shape], data: Float32Array.from({ length: count }, (_, i) => Math.sin(i)) } };
};

test.each([
  ["nvcaffe_bn", [4, 3, 12, 12]],
  ["pspnet", [2, 3, 17, 17]],
  ["segnet", [2, 3, 16, 16]],
])("%s", async (name, shape) => {
  const left = /of a fork, with scale and shift inside, and are left out: \w+ .* moka fix writes BatchNorm and Scale/;
  await expect(stats(net(name), weights(name))).rejects.toThrow(left);
  await expect(calibrate(net(name), weights(name), { data: rows(shape) })).rejects.toThrow(left);
  const report = await doctor(net(name), weights(name), { data: rows(shape) });
  expect(JSON.stringify(report)).toMatch(left);
});
