// The example of segmentation, on few scenes: it trains, is tested, and says of each pixel what it is. examples/segmentation/README.md
// has the commands of the whole run, and what it gives.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Net, Solver } from "../../src/index.js";
import { moka } from "../cli.js";

const folder = mkdtempSync(join(tmpdir(), "moka-segmentation-"));
afterAll(() => rmSync(folder, { recursive: true }));
const example = (name: string) => {
  const text = readFileSync(new URL(`../../examples/segmentation/${name}`, import.meta.url), "utf8");
  return text.replaceAll("build/scenes", folder).replaceAll(/batch_size: \d+/g, "batch_size: 4");
};
const iterations = 12;

beforeAll(async () => {
  expect((await moka("digits", folder, "--masks", "--train", "24", "--test", "8")).code).toBe(0);
}, 60_000);

test("it learns, is tested, and what was saved runs without data", { timeout: 120_000 }, async () => {
  const text = example("solver.prototxt")
    .replace(/net: ".*"/, `net_param {\n${example("train_val.prototxt")}}`)
    .replace(/test_iter: \d+.*/, "test_iter: 2")
    .replace(/max_iter: \d+/, `max_iter: ${iterations}`);
  const solver = await Solver.load(text);
  const losses: number[] = [];
  solver.on("iteration", ({ loss }) => losses.push(loss));
  await solver.solve();
  const { accuracy = [] } = await solver.test();
  await solver.dispose();
  expect(losses.every(Number.isFinite)).toBe(true);
  expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  expect(accuracy).toHaveLength(3);
  for (const share of accuracy) expect(share).toBeGreaterThan(0);
  const net = await Net.load(example("deploy.prototxt"), {
    weights: join(folder, `segmentation_iter_${iterations}.caffemodel`),
  });
  const { prob = new Float32Array(0) } = await net.forward({ data: new Float32Array(3 * 96 * 96) });
  expect(prob).toHaveLength(11 * 96 * 96);
  expect(prob.every((value) => value >= 0 && value <= 1)).toBe(true);
  await net.dispose();
});
