import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

test("shows learning rate multipliers if asked for", async () => {
  const net = join(folder, "frozen.prototxt");
  writeFileSync(
    net,
    `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 1 dim: 8 dim: 8 } } }
     layer { name: "a" type: "Convolution" bottom: "x" top: "a" param { lr_mult: 1 } param { lr_mult: 2.5 }
       convolution_param { num_output: 4 kernel_size: 3 } }
     layer { name: "b" type: "InnerProduct" bottom: "a" top: "b" inner_product_param { num_output: 5 } }
     layer { name: "c" type: "InnerProduct" bottom: "b" top: "c" param { lr_mult: 0 } param { lr_mult: 0 }
       inner_product_param { num_output: 6 } }`,
  );
  await moka("draw", net, output);
  expect(readFileSync(output, "utf8")).not.toContain("lr mult");
  await moka("draw", net, output, "--display_lrm");
  const svg = readFileSync(output, "utf8");
  const shown = ["Convolution · 4 · 3×3 · lr mult 1, 2.5", "InnerProduct · 5 · lr mult 1, 1", "InnerProduct · 6"];
  for (const text of shown) expect(svg).toContain(`>${text}<`);
});

test("calls that make no picture", async () => {
  const jpeg = await moka("draw", model, join(folder, "net.jpg"));
  expect(jpeg.code).toBe(2);
  expect(jpeg.err).toMatch(/a name that ends in \.svg or \.png/);
  expect((await moka("draw", model, output, "--rankdir", "up")).code).toBe(2);
  expect((await moka("draw", model)).code).toBe(2);
  const { code, err } = await moka("draw", join(folder, "none.prototxt"), output);
  expect(code).toBe(1);
  expect(err).toContain("none.prototxt");
});
