import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { readNet, readSolverState } from "../../proto/binary/index.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const golden = `${root}test/golden/train/`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moka-train-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The solver of a golden case, with snapshots in the test's folder. */
function solverFile(name: string, extra = "", iterations?: number): string {
  const text = readFileSync(`${golden}${name}/solver.prototxt`, "utf8")
    .replace(/max_iter: \d+/, (given) => (iterations === undefined ? given : `max_iter: ${iterations}`))
    .replace('"train_val.prototxt"', `"${golden}${name}/train_val.prototxt"`)
    .replace('"snap"', `"${folder}/snap"`);
  const file = join(folder, "solver.prototxt");
  writeFileSync(file, text + extra);
  return file;
}

/** Log lines without time, process and speed: what a program that reads logs takes from them. */
function messages(log: string): string[] {
  return log
    .split("\n")
    .map((line) => line.replace(/^[IWE]\d+ [\d:.]+ +\d+ /, "").replace(/\([^()]* iter\/s, [^()]*\)/, "(speed)"))
    .filter((line) => !/^(db_lmdb|blocking_queue|data_layer|hdf5|layer_factory)/.test(line));
}

test.each(["clip_gradients", "lr_multistep", "mlp_nesterov", "mlp_sgd"])(
  "trains %s, and logs what Caffe logs, line by line",
  async (name) => {
    const { code, err } = await moka("train", `-solver=${solverFile(name)}`, "-engine", "reference");
    expect(code).toBe(0);
    const mine = messages(err).filter((line) => /^(solver|sgd_solver)\.cpp/.test(line));
    const reference = messages(readFileSync(`${golden}${name}/caffe.log`, "utf8"));
    const place = (line: string) => line.replaceAll(`${golden}${name}/`, "").replaceAll(`${folder}/`, "");
    const wanted = reference.filter((line) => /^(solver|sgd_solver)\.cpp/.test(line));
    expect(mine.map(place).map(numbersAside)).toEqual(wanted.map(numbersAside));
  },
);

test("the net's structure is logged as Caffe logs it", async () => {
  const { err } = await moka("train", "-solver", solverFile("article_sgd"), "-engine", "wasm");
  const structure = (log: string) =>
    messages(log)
      .filter((line) => /^net\.cpp/.test(line))
      .map((line) => line.replace(/^net\.cpp:\d+\] /, ""))
      .filter((line) => !/The NetState/.test(line));
  const reference = structure(readFileSync(`${golden}article_sgd/caffe.log`, "utf8"));
  expect(structure(err)).toEqual(reference);
});

/** Digits that rounding may change: the last of six. */
function numbersAside(line: string): string {
  return line.replace(/-?\d+\.\d+(e[-+]\d+)?/g, (number) => Number(number).toPrecision(3));
}

test("resumes from a snapshot, and starts from weights", async () => {
  const file = solverFile("mlp_sgd", "\nsnapshot: 10\n");
  await moka("train", "-solver", file, "-engine", "reference");
  const whole = readNet(readFileSync(`${folder}/snap_iter_20.caffemodel`));
  const { code, err } = await moka(
    "train",
    "-solver",
    file,
    "-snapshot",
    `${folder}/snap_iter_10.solverstate`,
    "-engine",
    "reference",
  );
  expect(code).toBe(0);
  expect(err).toContain(`Resuming from ${folder}/snap_iter_10.solverstate`);
  expect(readSolverState(readFileSync(`${folder}/snap_iter_20.solverstate`)).iter).toBe(20);
  expect(whole.layer.length).toBeGreaterThan(0);
  const finetuned = await moka(
    "train",
    "-solver",
    file,
    "-weights",
    `${golden}mlp_sgd/final.caffemodel`,
    "-engine",
    "reference",
  );
  expect(finetuned.err).toMatch(/Iteration 0 \(.*\), loss = 0\.[01]/);
  expect((await moka("train", "-solver", file, "-weights", "a", "-snapshot", "b")).code).toBe(2);
});

test("a training that fails says what lint finds, at its start and at its end", async () => {
  const norm = 'type: "BatchNorm" bottom: "h" top: "h" batch_norm_param { use_global_stats: true eps: 1e-30 }';
  writeFileSync(
    join(folder, "frozen.prototxt"),
    `layer { name: "data" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 8 dim: 3 } shape { dim: 8 dim: 1 } data_filler { type: "gaussian" } } }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 1 weight_filler { type: "xavier" } } }
layer { name: "bn" ${norm} }
layer { name: "loss" type: "EuclideanLoss" bottom: "h" bottom: "t" top: "loss" }
`,
  );
  const file = join(folder, "solver.prototxt");
  const snapshots = `snapshot_prefix: "${folder}/snap"`;
  writeFileSync(file, `net: "frozen.prototxt" base_lr: 1 lr_policy: "fixed" max_iter: 9 ${snapshots}\n`);
  const { code, err } = await moka("train", "-solver", file, "-engine", "reference");
  expect(code).toBe(1);
  const cause =
    /frozen\.prototxt:\d+:\d+: layer "[^"]+" \(BatchNorm\) normalizes by averages .* \[global-stats-in-train\]\. moka lint \S+solver\.prototxt shows all/;
  const lines = err.split("\n").filter((line) => cause.test(line));
  expect(lines).toEqual([
    expect.stringMatching(/^W\d+ .* moka:0\] lint finds (\d+ errors, one of them|an error) at /),
    expect.stringMatching(/^moka: .* the most likely cause: .*\[MOKA_NAN\]$/),
  ]);
  expect(err.indexOf("lint finds")).toBeLessThan(err.indexOf("Starting Optimization"));
});

test("-sigint_effect must be an action", async () => {
  const { code, err } = await moka("train", "-solver", "x", "-sigint_effect", "explode");
  expect(code).toBe(2);
  expect(err).toContain('--sigint_effect must be stop, snapshot or none, not "explode"');
});

/** A training process of its own, on the built program; `started` when its log has `sign`. */
function startTraining(sign: RegExp, ...args: string[]) {
  const child = spawn(process.execPath, ["dist/cli/main.js", "train", ...args], { cwd: root });
  let log = "";
  const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
  const started = new Promise<void>((resolve) => {
    child.stderr.on("data", (text) => {
      log += text;
      if (sign.test(log)) resolve();
    });
    child.on("exit", () => resolve());
  });
  return { child, started, ended, log: () => log };
}

test("Ctrl-C stops with a snapshot", async () => {
  const training = startTraining(/Iteration 0 \(/, "-solver", solverFile("mlp_sgd", "", 1e8), "-engine", "reference");
  await training.started;
  training.child.kill("SIGINT");
  expect(await training.ended).toBe(0);
  expect(training.log()).toContain("Optimization stopped early.");
  const states = readdirSync(folder).filter((name) => name.endsWith(".solverstate"));
  expect(states.length).toBe(1);
  expect(existsSync(join(folder, states[0].replace("solverstate", "caffemodel")))).toBe(true);
});

test("SIGHUP takes a snapshot and goes on", async () => {
  const training = startTraining(/Iteration 0 \(/, "-solver", solverFile("mlp_sgd", "", 1e8), "-engine", "reference");
  await training.started;
  training.child.kill("SIGHUP");
  while (!readdirSync(folder).some((name) => name.endsWith(".solverstate"))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  training.child.kill("SIGINT");
  expect(await training.ended).toBe(0);
  expect(readdirSync(folder).filter((name) => name.endsWith(".solverstate")).length).toBe(2);
});

/** A small net that draws random numbers wherever a net can; its files go into a folder of its own. */
function tinySolver(home: string, iterations: number): string {
  const file = join(home, "solver.prototxt");
  writeFileSync(
    file,
    `base_lr: 0.05 lr_policy: "fixed" momentum: 0.9 type: "Adam" average_loss: 3 display: 1 snapshot: 3 random_seed: 3
    snapshot_prefix: "${home}/tiny" max_iter: ${iterations}
    net_param {
      layer { name: "data" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 8 dim: 16 }
        shape { dim: 8 dim: 1 } data_filler { type: "gaussian" } data_filler { type: "uniform" } } }
      layer { name: "fc1" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 32 weight_filler { type: "xavier" } } }
      layer { name: "bn" type: "BatchNorm" bottom: "h" top: "h" }
      layer { name: "drop" type: "Dropout" bottom: "h" top: "h" }
      layer { name: "fc2" type: "InnerProduct" bottom: "h" top: "y" inner_product_param { num_output: 1 weight_filler { type: "xavier" } } }
      layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }
    }`,
  );
  return file;
}

/** The iterations there are solver states of. */
function iterationsIn(home: string): number[] {
  const found = readdirSync(home).map((name) => /^tiny_iter_(\d+)\.solverstate$/.exec(name)?.[1]);
  return found.filter((iter) => iter !== undefined).map(Number);
}

/** What a snapshot of the tiny net consists of. */
const filesOf = (home: string, iter: number) =>
  ["caffemodel", "solverstate", "moka.json"].map((end) => readFileSync(join(home, `tiny_iter_${iter}.${end}`)));

/** Fails unless every file is whole, and every solver state has what belongs to it. */
function checkFiles(home: string): void {
  for (const name of readdirSync(home)) {
    const bytes = readFileSync(join(home, name));
    if (name.endsWith(".caffemodel")) expect(readNet(bytes).layer.length).toBe(6);
    if (name.endsWith(".solverstate")) expect(readSolverState(bytes).history.length).toBe(14);
    if (name.endsWith(".moka.json")) expect(JSON.parse(bytes.toString()).version).toBe(1);
  }
  for (const iter of iterationsIn(home)) expect(filesOf(home, iter).length).toBe(3);
}

test("killed at 30 random moments, it leaves whole files only, and goes on from them to the bit", async () => {
  let resumed = 0;
  const killAgainAndAgain = async (home: string) => {
    mkdirSync(home);
    const file = tinySolver(home, 1e8);
    for (let round = 0; round < 15; round++) {
      const last = Math.max(0, ...iterationsIn(home));
      const from = last > 0 ? ["-snapshot", `${home}/tiny_iter_${last}.solverstate`] : [];
      // With the second snapshot begun, the first is whole, however slow the machine.
      const second = /Snapshotting to.*Snapshotting to/s;
      const training = startTraining(second, "-solver", file, "-engine", "reference", ...from);
      await training.started;
      await new Promise((resolve) => setTimeout(resolve, 30 * Math.random()));
      training.child.kill("SIGKILL");
      expect(await training.ended, training.log()).toBe(null);
      checkFiles(home);
      if (last === 0) continue;
      expect(training.log()).toContain(`Resuming exactly where ${home}/tiny_iter_${last}.moka.json was written`);
      resumed++;
    }
  };
  const homes = [join(folder, "a"), join(folder, "b")];
  await Promise.all(homes.map(killAgainAndAgain));
  expect(resumed).toBe(28);

  for (const home of homes) {
    const killed = iterationsIn(home).map((iter) => ({ iter, files: filesOf(home, iter) }));
    for (const { iter } of killed) rmSync(join(home, `tiny_iter_${iter}.solverstate`));
    const last = Math.max(...killed.map(({ iter }) => iter));
    await moka("train", "-solver", tinySolver(home, last), "-engine", "reference");
    for (const { iter, files } of killed) expect(files, `iteration ${iter}`).toEqual(filesOf(home, iter));
  }
}, 300_000);
