import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

const model = fileURLToPath(new URL("../../../test/golden/train/article_sgd/train_val.prototxt", import.meta.url));

test("shows the steps, and the memory beside Caffe's, in 100 columns", async () => {
  const { code, out } = await moka("explain", model, "--engine", "reference");
  expect(code).toBe(0);
  const lines = out.split("\n");
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect(lines[0]).toMatch(/, phase TRAIN, reference engine/);
  expect(out).toMatch(/^forward +kernel +blobs \(offset in shared memory\) +read +written +flops$/m);
  expect(out).toMatch(/^ip +gemm .* \d+(\.\d+)? [KM]?i?B +\d+(\.\d+)? [KM]?i?B +\d+(\.\d+)? [kM]?$/m);
  expect(out).toMatch(/^digits +\(next batch\)/m);
  expect(out).toMatch(/^bn_conv1_1 +batchNormPool .*\nscale_conv1_1 .*\nrelu1_1 .*\npool1 /m);
  expect(out).toMatch(/^backward +kernel/m);
  expect(out).toMatch(/^ {2}peak +\d.*% of Caffe's$/m);
  expect(out).toMatch(/^ {2}buffers of BatchNorm +\d/m);
});

test("takes names of any length, and of characters that are two columns wide", async () => {
  const [long, wide] = ["b".repeat(400), "字".repeat(20)];
  const { code, out } = await moka(
    "explain",
    `layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
     layer { name: "${long}" type: "BatchNorm" bottom: "d" top: "${long}" }
     layer { name: "${wide}" type: "Power" bottom: "${long}" top: "p" }`,
  );
  expect(code).toBe(0);
  expect(out).toMatch(/^b{15} batchNorm +d 2×3×4×4 .*576\nb{15} +→ b{32}\nb{15} +b{34}$/m);
  expect(out).toMatch(/^字{7} +\S+ .*\n字{7} /m);
});

test("--json gives the same as data", async () => {
  const { out } = await moka("explain", model, "--json", "--phase", "TEST");
  const { phase, steps, totals, memory, caffe } = JSON.parse(out);
  expect(phase).toBe("TEST");
  expect(totals.forward.steps).toBe(steps.length);
  expect(memory.total).toBeLessThan(caffe.total);
});

test("refuses a phase there is not", async () => {
  const { code, err } = await moka("explain", model, "--phase", "DEPLOY");
  expect(code).toBe(2);
  expect(err).toContain('moka: --phase must be TRAIN or TEST, not "DEPLOY" [MOKA_USAGE]');
});
