import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

const model = fileURLToPath(new URL("../../../test/golden/train/mlp_sgd/train_val.prototxt", import.meta.url));

test("times each layer, forward and backward, and prints it as Caffe does", async () => {
  const { code, err } = await moka("time", "-model", model, "-iterations", "2", "-phase", "TRAIN");
  expect(code).toBe(0);
  const messages = err.split("\n").map((line) => line.replace(/^.*?\] /, ""));
  const time = "[\\d.e+-]+ ms\\.";
  for (const layer of ["h5", "fc1", "bn1", "sc1", "relu1", "fc2", "loss"]) {
    expect(messages).toContainEqual(expect.stringMatching(new RegExp(`^ *${layer}\tforward: ${time}$`)));
    expect(messages).toContainEqual(expect.stringMatching(new RegExp(`^ *${layer}\tbackward: ${time}$`)));
  }
  expect(messages).toContainEqual(expect.stringMatching(new RegExp(`^Iteration: 2 forward-backward time: ${time}$`)));
  expect(messages).toContainEqual(expect.stringMatching(new RegExp(`^Average Forward-Backward: ${time}$`)));
});

test("--json gives the same as data", async () => {
  const { out } = await moka("time", "-model", model, "-iterations", "1", "--json");
  const { layers, engine } = JSON.parse(out);
  expect(layers.map(({ name }: { name: string }) => name)).toEqual(["h5", "fc1", "bn1", "sc1", "relu1", "fc2", "loss"]);
  expect(layers.every((layer: { forwardMs: number }) => layer.forwardMs >= 0)).toBe(true);
  expect(engine).toContain("WebAssembly");
});
