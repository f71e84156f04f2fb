// The whole, on real images: LeNet with BatchNorm from its prototxt, trained for three epochs on 8,000 images of
// MNIST and tested on 2,000 others.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { main } from "../../src/cli/program.js";
import { Net, Solver } from "../../src/index.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const mnist = `${root}../shared/data/mnist/`;
const batch = 64;
const images = 8000;
const epochs = 3;

test.skipIf(!existsSync(mnist))("LeNet with BatchNorm learns MNIST to 98 % (needs ../shared/data/mnist)", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moka-mnist-"));
  try {
    const files = ["images-idx3", "labels-idx1"].map((kind) => `${mnist}t10k-${kind}-ubyte.gz`);
    expect(await main(["convert_mnist_data", ...files, `${folder}/train_lmdb`, "--count", `${images}`])).toBe(0);
    expect(await main(["convert_mnist_data", ...files, `${folder}/test_lmdb`, "--skip", `${images}`])).toBe(0);
    const example = (name: string) => readFileSync(`${root}examples/mnist/${name}`, "utf8");
    const model = example("lenet_bn_train_val.prototxt").replaceAll("build/mnist", folder);
    const solver = await Solver.load(
      example("lenet_bn_solver.prototxt")
        .replace('net: "lenet_bn_train_val.prototxt"', `net_param {\n${model}}`)
        .replace("test_iter: 100", "test_iter: 20")
        .replace("test_interval: 500", "test_interval: 1000000")
        .replace("max_iter: 2000", `max_iter: ${(epochs * images) / batch}`)
        .replace("build/mnist", folder),
    );
    await solver.solve();
    const { accuracy } = await solver.test();
    expect(accuracy[0]).toBeGreaterThanOrEqual(0.98);
    await solver.dispose();

    // The model that was saved is the one that was trained.
    const saved = await Net.load(model, { phase: "TEST", weights: `${folder}/lenet_bn_iter_375.caffemodel` });
    let right = 0;
    for (let i = 0; i < 20; i++) right += (await saved.forward()).accuracy[0] / 20;
    expect(right).toBeCloseTo(accuracy[0], 5);
    await saved.dispose();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
