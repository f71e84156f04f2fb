import { writeFileSync } from "node:fs";
import { dump } from "npyjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { digitsFolder, normNet, trained } from "../../../test/norm-nets.js";
import type { DoctorReport } from "../../api/doctor.js";
import { digits } from "../../data/digits/index.js";

const quick = "moving_average_fraction: 0.95";
let folder: Awaited<ReturnType<typeof digitsFolder>>;
let model: string;
let weights: string;
beforeAll(async () => {
  folder = await digitsFolder(1000, 300);
  model = `${folder.path}/train_val.prototxt`;
  writeFileSync(model, normNet(folder.path, { norm: quick }));
  weights = await trained(normNet(folder.path, { norm: quick }), `${folder.path}/net.caffemodel`, 150);
});
afterAll(() => folder.remove());

const run = (...args: string[]) => moka("doctor", ...args, "--engine", "wasm", "--threads", "1");

test("a net in good health: a table, and exit code 0", async () => {
  const { code, out } = await run(model, weights, "--iterations", "3");
  expect(out).toMatch(/^digits: 3 batches of 100, data of TEST/);
  expect(out).toMatch(/^accuracy +0\.\d+ +0\.\d+$/m);
  expect(out).toMatch(/^bn2 +\d.* % +\d.* % +\d.*19\.9909: saturated, about 150 updates$/m);
  expect(out).toMatch(/^Nothing is wrong/m);
  expect(code).toBe(0);
  expect(Math.max(...out.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(120);
});

test("the data of training are run as its ranks had them", async () => {
  const trainingOf = async (...flags: string[]) => {
    const { out } = await run(model, weights, "--iterations", "3", "--json", ...flags);
    return (JSON.parse(out) as DoctorReport).training;
  };
  expect(await trainingOf("--ranks", "2")).toMatchObject({ batchSize: 32, batches: 10 });
  expect(await trainingOf("--ranks", "2", "--sync-bn")).toMatchObject({ batchSize: 64, batches: 5 });
  const { code, err } = await run(model, weights, "--sync-bn");
  expect([code, err]).toEqual([2, expect.stringContaining("give their number too, as ranks (--ranks)")]);
});

test("a sick one: where the gap starts, the likely cause with its remedy, and exit code 1", async () => {
  const dim = `${folder.path}/dim.prototxt`;
  writeFileSync(dim, normNet(folder.path, { norm: quick, testScale: 1 }));
  const { code, out } = await run(dim, weights, "--iterations", "3");
  expect(code).toBe(1);
  expect(out).toMatch(/^The gap starts at bn1: what comes in differs by 0 %, what goes out by \d/m);
  expect(out).toMatch(/^BatchNorm is not the cause\.$/m);
  expect(out).toMatch(
    /^Cause: the data are not scaled, centered or ordered as in training: it had them multiplied by about 0\.0039/m,
  );
  expect(out).toMatch(/^ {2}\+ so: accuracy 0\.\d+, loss 0\.\d+; as it is: accuracy 0\.\d+, loss \d/m);
  expect(out).toMatch(/^ {2}Remedy: Prepare the data as in training/m);
});

test("--data takes arrays for a deploy net, and --json prints the report", async () => {
  const { pixels, labels, count } = digits({ count: 96, seed: 9 });
  const x = `${folder.path}/x.npy`;
  writeFileSync(
    x,
    new Uint8Array(
      dump(
        Float32Array.from(pixels, (value) => value / 256),
        [count, 1, 28, 28],
      ),
    ),
  );
  const deploy = `${folder.path}/deploy.prototxt`;
  writeFileSync(deploy, normNet(folder.path, { norm: quick, deploy: true }));
  const { code, out } = await run(deploy, weights, "--data", `data=${x}`, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ batches: 3, batchSize: 32, causes: [], bad: {} });
  // The same rows for the net with a loss.
  const y = `${folder.path}/y.npy`;
  writeFileSync(y, new Uint8Array(dump(Float32Array.from(labels), [count])));
  const both = await run(model, weights, "--data", `data=${x},label=${y}`, "--batch", "48", "--json");
  expect(JSON.parse(both.out)).toMatchObject({ batches: 2, batchSize: 48 });
  expect(JSON.parse(both.out).global.outputs.accuracy).toBeGreaterThan(0.8);
});

test("--data takes a list of images, of the size of the net's input", async () => {
  const { encode } = await import("fast-png");
  const { pixels, labels } = digits({ count: 20, seed: 4 });
  const lines = [...labels].map((label, i) => {
    const path = `${folder.path}/${i}.png`;
    writeFileSync(
      path,
      encode({ width: 28, height: 28, data: pixels.slice(i * 784, (i + 1) * 784), channels: 1, depth: 8 }),
    );
    return `${path} ${label}\n`;
  });
  const list = `${folder.path}/list.txt`;
  writeFileSync(list, lines.join(""));
  const deploy = `${folder.path}/deploy28.prototxt`;
  writeFileSync(deploy, normNet(folder.path, { norm: quick, deploy: true }));
  const { code, out } = await run(
    deploy,
    weights,
    "--data",
    list,
    "--batch",
    "20",
    "--scale",
    "0.00390625",
    "--iterations",
    "1",
  );
  expect(out).toMatch(/1 batch of 20/);
  expect(out).toMatch(/^Nothing is wrong with BatchNorm: the averages fit the data\./m);
  expect(code).toBe(0);
});

test("calls that cannot be meant are refused", async () => {
  expect((await run(model, weights, "--phase", "DEPLOY")).code).toBe(2);
  expect((await run(model, weights, "--data", "=x.npy")).code).toBe(2);
  expect((await run(model, weights, "--data", `${folder.path}/net.caffemodel`)).code).toBe(2);
  expect((await run(model, weights, "--iterations", "0")).code).toBe(2);
  expect((await run(model, `${folder.path}/none.caffemodel`)).code).toBe(1);
});
