import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { Net } from "../../index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-stats-"));
const weights = join(folder, "net.caffemodel");
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  const net = await Net.load(
    `name: "small"
    layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" }
    layer { name: "scale" type: "Scale" bottom: "x" top: "x" scale_param { bias_term: true } }
    layer { name: "last" type: "BatchNorm" bottom: "x" top: "y" }`,
    { engine: "reference" },
  );
  net.params.get("bn")?.forEach(({ data }, i) => void data.set([[-20, 0, 40], [10, 20, 1e-12], [259.293]][i] ?? []));
  await net.save(weights);
  await net.dispose();
});

test("shows each layer in a few lines of 100 columns", async () => {
  const { code, out } = await moka("stats", weights);
  expect(code).toBe(0);
  expect(Math.max(...out.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect(out).toMatch(/^bn {2}3 channels, Scale "scale"$/m);
  expect(out).toMatch(/^ {2}factor {3}259\.293: about 300 updates$/m);
  expect(out).toMatch(/^ {2}mean {5}-0\.0771 … 0\.154 +▇▁▁▁▇▁▁▁▁▁▁▇ +γ +1 … 1 +▁▁▁▁▁▁▇▁▁▁▁▁$/m);
  expect(out).toMatch(/raw: M -20 … 40, V 1e-12 … 20$/m);
  expect(out).toMatch(/^ {2}dead: channel 2 \(variance 3\.86e-15\)$/m);
  expect(out).toMatch(/^last {2}3 channels, no Scale\n {2}factor {3}0: never trained$/m);
});

test("--json prints it all, --svg draws it", async () => {
  const svg = join(folder, "stats.svg");
  const { code, out } = await moka("stats", weights, "--json", "--svg", svg);
  expect(code).toBe(0);
  const { name, layers } = JSON.parse(out);
  expect(name).toBe("small");
  expect(layers[0].mean.values[2]).toBeCloseTo(40 / 259.293, 6);
  expect(readFileSync(svg, "utf8")).toMatch(/^<svg [\s\S]*2 BatchNorm layers, 1 with dead or suspicious channels/);
});

test("calls that cannot be meant are refused", async () => {
  expect((await moka("stats", weights, "--phase", "DEPLOY")).code).toBe(2);
  expect((await moka("stats", "a", "b", "c")).code).toBe(2);
  expect((await moka("stats", join(folder, "none.caffemodel"))).code).toBe(1);
});

test("names the layers that the weights leave out, with those that were meant", async () => {
  const renamed = `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" }
    layer { name: "last_" type: "BatchNorm" bottom: "x" top: "y" }`;
  const { code, out, err } = await moka("stats", renamed, weights);
  expect([code, err.split("\n")]).toEqual([
    0,
    [expect.stringMatching(/^warning: 1 layer gets no weights .*"last_" \(BatchNorm; did you mean "last"\?\)/), ""],
  ]);
  expect(out).toContain("Not in the weights, so empty: last_");
});
