// Training runs of the reference (see README.md here), from the same weights on every engine and without each of the
// passes: the loss of every iteration, the learning rate, the tests, and the weights at the end.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { loadSolver, type Solver } from "../../src/api/solver.js";
import { blobShape, blobValues, readNet, readSolverState } from "../../src/proto/binary/index.js";
import type { BlobProto, NetParameter } from "../../src/proto/gen/caffe_pb.js";
import { blas, skippedWithoutBlas } from "../blas.js";
import { distinctSettings, type PassSetting, passSettings } from "../passes.js";
import { engineChoices } from "./engines.js";

interface Trajectory {
  readonly iterations: number;
  /** Of every iteration; null where the reference shows only the mean over iter_size, in its log. */
  readonly loss: readonly (number | null)[];
  readonly logged_loss: readonly number[];
  readonly lr: readonly number[];
  readonly test: readonly { readonly iter: number; readonly outputs: Readonly<Record<string, number>> }[];
}

const root = fileURLToPath(new URL("train/", import.meta.url));
const cases = readdirSync(root).sort();

test("there are all 19 cases", () => {
  expect(cases.length).toBe(19);
});

/**
 * From the weights the reference started with; and from its seed alone, which must give those weights. The seed's
 * numbers do not depend on the engine, so that one need do that.
 */
const runs = [
  ...Object.keys(engineChoices).flatMap((engine) => cases.map((name) => [engine, name, "init.caffemodel"] as const)),
  ...cases.map((name) => ["wasm on 2 threads", name, "random_seed"] as const),
];
if (!blas) test.skip(`all cases on blas (${skippedWithoutBlas})`, () => {});

/** These change programs as training runs them. */
const settings = passSettings.filter(({ name, keep }) => name.startsWith(keep === "all" ? "no passes" : "without"));

/**
 * Blobs that hold nothing but rounding noise, and so differ from machine to machine: the bias of fc1 stands before a
 * BatchNorm, which takes it off again, so that its gradient is the rounding error of a zero. These rules divide a
 * gradient by its own size, and make steps of it as large as any. It moves the mean of bn1; and as the mean that tests take
 * runs behind, a few of 300 samples may come out differently.
 */
const noise: Readonly<Record<string, readonly string[]>> = {
  mlp_adagrad: ["fc1 1", "bn1 0"],
  mlp_adam: ["fc1 1", "bn1 0"],
  mlp_rmsprop: ["fc1 1", "bn1 0"],
};

/**
 * How far final weights and histories may be away. On wasm a value of resnet8 that is almost 0 comes out on the other
 * side of a ReLU in iteration 4; from there on the gradients are a few thousandths away from the reference's.
 */
function tolerances(engine: string, name: string) {
  if (engine === "reference") return { weights: 1e-3, history: 1e-3, accuracy: 1e-6 };
  if (name === "resnet8_nesterov") return { weights: 2e-2, history: 3e-2, accuracy: 1 / 300 + 1e-6 };
  return { weights: 1e-3, history: 1e-3, accuracy: (name in noise ? 3 / 300 : 0) + 1e-6 };
}

const folder = (name: string) => join(root, name);
const output = mkdtempSync(join(tmpdir(), "moka-train-"));
afterAll(() => rmSync(output, { recursive: true }));

test.each(runs)("on %s, %s from %s follows the reference", (engine, name, start) => follow(engine, name, start));

// One engine on one thread, the other on two, where it is there: all of them would take minutes.
const someEngines = ["wasm on 1 thread", blas ? "blas on 2 threads" : "wasm on 2 threads"];

describe.each(someEngines)("on %s", (engine) => {
  test.each(cases)("%s follows the reference without each of the passes", async (name) => {
    const file = `${folder(name)}/train_val.prototxt`;
    const setup = { phase: "TRAIN", file } as const;
    for (const setting of await distinctSettings(readFileSync(file, "utf8"), setup, settings)) {
      await follow(engine, name, "init.caffemodel", setting);
    }
  });
});

async function follow(engine: string, name: string, start: string, setting?: PassSetting): Promise<void> {
  const expected: Trajectory = JSON.parse(readFileSync(`${folder(name)}/trajectory.json`, "utf8"));
  const weights = start === "init.caffemodel" ? `${folder(name)}/${start}` : undefined;
  const options = { ...engineChoices[engine], weights, keep: setting?.keep };
  const solver = await loadSolver(`${folder(name)}/solver.prototxt`, options, setting?.passes);
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
      const most = key === "accuracy" ? tolerances(engine, name).accuracy : 5e-3;
      expect(Math.abs(tests[i].outputs[key] - value), `test ${i}, ${key}`).toBeLessThan(most);
    }
  }
  expect(snapshot?.layer.length).toBeGreaterThan(0);
  checkFinal(solver, engine, name);
  await solver.dispose();
}

/** The files written: the reference's layers, shapes and types, and its values within what rounding does. */
function checkFinal(solver: Solver, engine: string, name: string): void {
  const stem = `${solver.param.snapshotPrefix}_iter_${solver.iter}`;
  const { weights, history } = tolerances(engine, name);
  const written = readNet(readFileSync(`${stem}.caffemodel`));
  const golden = readNet(readFileSync(`${folder(name)}/final.caffemodel`));
  const layout = (net: typeof golden) =>
    net.layer.map((layer) => ({ name: layer.name, type: layer.type, shapes: layer.blobs.map(blobShape) }));
  expect(layout(written)).toEqual(layout(golden));
  golden.layer.forEach((layer, i) => {
    layer.blobs.forEach((blob, j) => {
      const label = `${layer.name} ${j}`;
      const isNoise = noise[name]?.includes(label);
      if (!isNoise) expect(distance(written.layer[i].blobs[j], blob, 1e-3), label).toBeLessThan(weights);
    });
  });

  const state = readSolverState(readFileSync(`${stem}.solverstate`));
  const wanted = readSolverState(readFileSync(`${folder(name)}/final.solverstate`));
  expect([state.iter, state.currentStep]).toEqual([wanted.iter, wanted.currentStep]);
  expect(state.learnedNet).toBe(`${stem}.caffemodel`);
  expect(basename(state.learnedNet).replace(`${engine}-${name}`, "snap")).toBe(wanted.learnedNet);
  expect(state.history.map(blobShape)).toEqual(wanted.history.map(blobShape));
  const { learnables } = solver.net;
  wanted.history.forEach((blob, i) => {
    const { layer, index } = learnables[i % learnables.length];
    const label = `${layer.name} ${index}`;
    const group = wanted.history.slice(i - (i % learnables.length)).slice(0, learnables.length);
    const least = 5e-3 * Math.max(...group.map(rootMeanSquare));
    const isNoise = noise[name]?.includes(label);
    if (!isNoise) expect(distance(state.history[i], blob, least), `history ${i}: ${label}`).toBeLessThan(history);
  });
}

/** The relative distance of all values; those of which the root mean square is less than `least` count as if it were. */
function distance(mine: BlobProto, wanted: BlobProto, least: number): number {
  const values = blobValues(mine).data;
  const differences = blobValues(wanted).data.map((value, i) => value - values[i]);
  return Math.hypot(...differences) / Math.sqrt(differences.length) / Math.max(rootMeanSquare(wanted), least);
}

function rootMeanSquare(blob: BlobProto): number {
  const { data } = blobValues(blob);
  return Math.hypot(...data) / Math.sqrt(data.length);
}

/** What was written and read back is what the net held, bit by bit. */
function checkBits(written: NetParameter, solver: Solver): void {
  const bits = (values: Float32Array) => new Uint32Array(Float32Array.from(values).buffer);
  for (const layer of written.layer) {
    const params = solver.net.params.get(layer.name) ?? [];
    expect(layer.blobs.map((blob) => bits(blobValues(blob).data))).toEqual(params.map(({ data }) => bits(data)));
  }
}
