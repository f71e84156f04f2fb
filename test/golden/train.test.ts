// Training runs of the reference (see README.md here), from the same weights on every engine: the loss of every
// iteration, the learning rate, the tests, and the weights at the end.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { Solver } from "../../src/index.js";
import { blobShape, blobValues, readNet, readSolverState } from "../../src/proto/binary/index.js";
import type { NetParameter } from "../../src/proto/gen/caffe_pb.js";

interface Trajectory {
  readonly iterations: number;
  /** Of every iteration; null where the reference shows only the mean over iter_size, in its log. */
  readonly loss: readonly (number | null)[];
  readonly logged_loss: readonly number[];
  readonly lr: readonly number[];
  readonly test: readonly { readonly iter: number; readonly outputs: Readonly<Record<string, number>> }[];
}

const cases = [
  "article_sgd",
  "average_loss",
  "clip_gradients",
  "iter_size",
  "l1",
  "lenet_bn_sgd",
  "lr_exp",
  "lr_inv",
  "lr_multistep",
  "lr_poly",
  "lr_sigmoid",
  "lr_step",
  "mlp_sgd",
];
/** From the weights the reference started with; and from its seed alone, which must give those weights. */
const runs = cases.flatMap((name) => [
  [name, "init.caffemodel"],
  [name, "random_seed"],
]);
const folder = (name: string) => fileURLToPath(new URL(`train/${name}`, import.meta.url));
const output = mkdtempSync(join(tmpdir(), "moka-train-"));
afterAll(() => rmSync(output, { recursive: true }));

describe.each(["wasm", "reference"] as const)("on %s", (engine) => {
  test.each(runs)("%s from %s follows the reference", async (name, start) => {
    const expected: Trajectory = JSON.parse(readFileSync(`${folder(name)}/trajectory.json`, "utf8"));
    const solver = await Solver.load(`${folder(name)}/solver.prototxt`, {
      ...(start === "init.caffemodel" && { weights: `${folder(name)}/${start}` }),
      engine,
    });
    solver.param.snapshotPrefix = join(output, `${engine}-${name}`);
    const losses: number[] = [];
    const smoothed: number[] = [];
    const rates: number[] = [];
    const tests: Trajectory["test"][number][] = [];
    solver.on("iteration", ({ loss, smoothedLoss, lr }) => {
      losses.push(loss);
      smoothed.push(smoothedLoss);
      rates.push(lr);
    });
    solver.on("test", ({ iter, outputs }) => {
      tests.push({ iter, outputs: Object.fromEntries(Object.entries(outputs).map(([key, [value]]) => [key, value])) });
    });
    let snapshot: NetParameter | undefined;
    solver.on("snapshot", ({ model }) => {
      snapshot = readNet(readFileSync(model));
      checkBits(snapshot, solver);
    });
    await solver.solve();

    expect(losses.length).toBe(expected.iterations);
    losses.forEach((loss, i) => {
      const tolerance = i < expected.iterations / 3 ? 1e-5 : 1e-4;
      // The log has six digits; a mean over iter_size is only there.
      const logged = tolerance + 1e-5;
      const wanted = expected.loss[i] ?? expected.logged_loss[i];
      const error = Math.abs(loss - wanted) / wanted;
      const most = expected.loss[i] === null ? logged : tolerance;
      expect(error, `loss of iteration ${i}: ${loss}, not ${wanted}`).toBeLessThan(most);
      const smoothedError = Math.abs(smoothed[i] - expected.logged_loss[i]) / wanted;
      expect(smoothedError, `smoothed loss of iteration ${i}`).toBeLessThan(logged);
      expect(Math.abs(rates[i] - expected.lr[i]) / expected.lr[i], `lr of iteration ${i}`).toBeLessThan(1e-5);
    });
    expect(tests.map(({ iter }) => iter)).toEqual(expected.test.map(({ iter }) => iter));
    for (const [i, { outputs }] of expected.test.entries()) {
      for (const [key, value] of Object.entries(outputs)) {
        expect(tests[i].outputs[key], `test ${i}, ${key}`).toBeCloseTo(value, key === "accuracy" ? 5 : 2);
      }
    }
    expect(snapshot?.layer.length).toBeGreaterThan(0);
    checkFinal(solver, name);
    await solver.dispose();
  });
});

/** The files written: the reference's layers, shapes and types, and its weights within what rounding does. */
function checkFinal(solver: Solver, name: string): void {
  const stem = `${solver.param.snapshotPrefix}_iter_${solver.iter}`;
  const written = readNet(readFileSync(`${stem}.caffemodel`));
  const golden = readNet(readFileSync(`${folder(name)}/final.caffemodel`));
  const layout = (net: typeof golden) =>
    net.layer.map((layer) => ({ name: layer.name, type: layer.type, shapes: layer.blobs.map(blobShape) }));
  expect(layout(written)).toEqual(layout(golden));
  const state = readSolverState(readFileSync(`${stem}.solverstate`));
  const goldenState = readSolverState(readFileSync(`${folder(name)}/final.solverstate`));
  expect([state.iter, state.currentStep]).toEqual([goldenState.iter, goldenState.currentStep]);
  expect(state.history.map(blobShape)).toEqual(goldenState.history.map(blobShape));

  golden.layer.forEach((layer, i) => {
    layer.blobs.forEach((blob, j) => {
      const wanted = blobValues(blob).data;
      const mine = blobValues(written.layer[i].blobs[j]).data;
      const size = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));
      const distance = size(wanted.map((value, k) => value - mine[k]));
      const least = 1e-3 * Math.sqrt(wanted.length);
      expect(distance / Math.max(size(wanted), least), `${layer.name} ${j}`).toBeLessThan(1e-3);
    });
  });
}

/** What was written and read back is what the net held, bit by bit. */
function checkBits(written: NetParameter, solver: Solver): void {
  const bits = (values: Float32Array) => new Uint32Array(Float32Array.from(values).buffer);
  for (const layer of written.layer) {
    const params = solver.net.params.get(layer.name) ?? [];
    expect(layer.blobs.map((blob) => bits(blobValues(blob).data))).toEqual(params.map(({ data }) => bits(data)));
  }
}
