import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

const golden = fileURLToPath(new URL("../../../test/golden/train/article_sgd/", import.meta.url));
const call = [
  "test",
  "-model",
  `${golden}train_val.prototxt`,
  "-weights",
  `${golden}final.caffemodel`,
  "-iterations=3",
];

test("scores a model on its test data, as the reference's last test did", async () => {
  const { code, err, out } = await moka(...call);
  expect(code).toBe(0);
  expect(out).toBe("");
  const messages = err.split("\n").map((line) => line.replace(/^.*\] /, ""));
  expect(messages).toContain("Running for 3 iterations.");
  expect(messages.filter((line) => /^Batch \d, /.test(line)).length).toBe(6);
  expect(messages).toContain("accuracy = 0.383333");
  // Its averages had moved by one more batch then: Caffe shows a last training loss before the last test.
  expect(messages.find((line) => line.startsWith("loss = "))).toMatch(/^loss = 2\.18\d* \(\* 1 = 2\.18\d* loss\)$/);
});

test("--json prints the means, and nothing else", async () => {
  const { code, out, err } = await moka(...call, "--json");
  expect([code, err]).toEqual([0, ""]);
  const { iterations, loss, outputs } = JSON.parse(out);
  expect(iterations).toBe(3);
  expect(loss).toBeCloseTo(2.18745, 1);
  expect(outputs.accuracy[0]).toBeCloseTo(0.383333, 5);
});

test("needs weights", async () => {
  expect((await moka(...call.slice(0, 3))).code).toBe(2);
});
