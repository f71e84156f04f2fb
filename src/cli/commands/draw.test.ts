import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

const folder = mkdtempSync(join(tmpdir(), "moka-draw-"));
afterAll(() => rmSync(folder, { recursive: true }));

const model = fileURLToPath(new URL("../../../test/golden/train/resnet8_nesterov/train_val.prototxt", import.meta.url));
const output = join(folder, "net.svg");

test("draws a net, with shapes from the database it names", async () => {
  const { code, out } = await moka("draw", model, output, "-phase", "TEST", "--rankdir", "LR");
  expect(code).toBe(0);
  expect(out).toBe(`Drawing net to ${output}\n`);
  const svg = readFileSync(output, "utf8");
  for (const text of [">ResNet8<", ">bn_conv0<", ">accuracy<", ">100×16×7×7<"]) expect(svg).toContain(text);
});

test("calls that make no picture", async () => {
  expect((await moka("draw", model, join(folder, "net.png"))).code).toBe(2);
  expect((await moka("draw", model, output, "--rankdir", "up")).code).toBe(2);
  expect((await moka("draw", model)).code).toBe(2);
  const { code, err } = await moka("draw", join(folder, "none.prototxt"), output);
  expect(code).toBe(1);
  expect(err).toContain("none.prototxt");
});
