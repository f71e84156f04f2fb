// The example of SSD, on few scenes: it trains, is tested by its detections, and what was saved finds objects in a picture.
// examples/ssd/README.md has the commands of the whole run, and what it gives.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createImages } from "#platform";
import { PortableRandom } from "../../src/data/digits/portable-random.js";
import { drawScene } from "../../src/data/digits/scenes.js";
import { Solver } from "../../src/index.js";
import { moka } from "../cli.js";

const folder = mkdtempSync(join(tmpdir(), "moka-ssd-"));
afterAll(() => rmSync(folder, { recursive: true }));
const example = (name: string) => readFileSync(new URL(`../../examples/ssd/${name}`, import.meta.url), "utf8");
const model = example("train_val.prototxt").replaceAll("build/ssd", folder);
const deploy = join(folder, "deploy.prototxt");
const picture = join(folder, "scene.png");
const iterations = 12;

const solverText = (net: string) =>
  example("solver.prototxt")
    .replace('net: "train_val.prototxt"', `net_param {\n${net}}`)
    .replace("test_iter: 25", "test_iter: 2")
    .replace(/max_iter: \d+/, `max_iter: ${iterations}`)
    .replace(/test_interval: \d+/, "test_interval: 1000")
    .replaceAll("build/ssd", folder);

beforeAll(async () => {
  expect((await moka("digits", folder, "--boxes", "--train", "24", "--test", "8")).code).toBe(0);
  writeFileSync(deploy, example("deploy.prototxt"));
  const { image } = drawScene(new PortableRandom(5, 1), { size: 96, gray: false });
  writeFileSync(picture, await createImages().encode(image, "png"));
});

test("it learns, is scored by its detections, and finds objects", { timeout: 120_000 }, async () => {
  const net = model.replaceAll(/batch_size: \d+/g, "batch_size: 4");
  const solver = await Solver.load(solverText(net));
  const losses: number[] = [];
  solver.on("iteration", ({ loss }) => losses.push(loss));
  await solver.solve();
  const { detection_eval: score } = await solver.test();
  await solver.dispose();
  expect(losses).toHaveLength(iterations);
  expect(losses.every(Number.isFinite)).toBe(true);
  expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  expect(score).toHaveLength(1);
  expect(score?.[0]).toBeGreaterThanOrEqual(0);
  expect(score?.[0]).toBeLessThanOrEqual(1.00001);
  const weights = join(folder, `ssd_iter_${iterations}.caffemodel`);
  const names = ["--labelmap", join(folder, "labelmap.prototxt"), "--out", folder, "--threshold", "0.01", "--json"];
  const { code, out } = await moka("detect", deploy, weights, picture, ...names);
  expect(code).toBe(0);
  const [{ detections, drawing }] = JSON.parse(out);
  expect(existsSync(drawing)).toBe(true);
  expect(detections.length).toBeGreaterThan(0);
  for (const { label, name } of detections) expect(name).toBe(`${label - 1}`);
});

test("batches without a box", { timeout: 120_000 }, async () => {
  // Parts so small that hardly a box has its center in one.
  const empty = model
    .replaceAll(/batch_size: \d+/g, "batch_size: 1")
    .replace("batch_sampler { max_sample: 1 max_trials: 1 }", "")
    .replace(/sampler \{ min_scale.*\}/, "sampler { min_scale: 0.05 max_scale: 0.06 }")
    .replace(/sample_constraint \{.*\}/, "sample_constraint { max_jaccard_overlap: 0 }");
  const solver = await Solver.load(solverText(empty));
  let without = 0;
  for (let i = 0; i < 6; i++) {
    await solver.step(1);
    expect(Number.isFinite(solver.loss)).toBe(true);
    if (solver.net.blobs.get("label")?.data[0] === -1) without++;
  }
  expect(without).toBeGreaterThan(0);
  await solver.dispose();
});
