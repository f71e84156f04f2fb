import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
    .filter((line) => !/^(db_lmdb|blocking_queue|data_layer|hdf5|layer_factory|MultiStep)/.test(line));
}

test("trains, and logs what Caffe logs, line by line", async () => {
  const { code, err } = await moka("train", `-solver=${solverFile("mlp_sgd")}`, "-engine", "reference");
  expect(code).toBe(0);
  const mine = messages(err).filter((line) => /^(solver|sgd_solver)\.cpp/.test(line));
  const reference = messages(readFileSync(`${golden}mlp_sgd/caffe.log`, "utf8"));
  const place = (line: string) => line.replaceAll(`${golden}mlp_sgd/`, "").replaceAll(`${folder}/`, "");
  const wanted = reference.filter((line) => /^(solver|sgd_solver)\.cpp/.test(line));
  expect(mine.map(place).map(numbersAside)).toEqual(wanted.map(numbersAside));
});

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

test("-sigint_effect must be an action", async () => {
  const { code, err } = await moka("train", "-solver", "x", "-sigint_effect", "explode");
  expect(code).toBe(2);
  expect(err).toContain('--sigint_effect must be stop, snapshot or none, not "explode"');
});

/** A training process of its own, on the built program; `started` when the first iteration is over. */
function startTraining(...args: string[]) {
  const child = spawn(process.execPath, ["dist/cli/main.js", "train", ...args], { cwd: root });
  let log = "";
  const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
  const started = new Promise<void>((resolve) => {
    child.stderr.on("data", (text) => {
      log += text;
      if (log.includes("Iteration 0 (")) resolve();
    });
  });
  return { child, started, ended, log: () => log };
}

test("Ctrl-C stops with a snapshot", async () => {
  const training = startTraining("-solver", solverFile("mlp_sgd", "", 1e8), "-engine", "reference");
  await training.started;
  training.child.kill("SIGINT");
  expect(await training.ended).toBe(0);
  expect(training.log()).toContain("Optimization stopped early.");
  const states = readdirSync(folder).filter((name) => name.endsWith(".solverstate"));
  expect(states.length).toBe(1);
  expect(existsSync(join(folder, states[0].replace("solverstate", "caffemodel")))).toBe(true);
});

test("SIGHUP takes a snapshot and goes on", async () => {
  const training = startTraining("-solver", solverFile("mlp_sgd", "", 1e8), "-engine", "reference");
  await training.started;
  training.child.kill("SIGHUP");
  while (!readdirSync(folder).some((name) => name.endsWith(".solverstate"))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  training.child.kill("SIGINT");
  expect(await training.ended).toBe(0);
  expect(readdirSync(folder).filter((name) => name.endsWith(".solverstate")).length).toBe(2);
});

test("killed at any moment it leaves whole files only", async () => {
  const file = solverFile("mlp_sgd", "\nsnapshot: 1\n", 1e8);
  for (let round = 0; round < 5; round++) {
    const training = startTraining("-solver", file, "-engine", "reference");
    await training.started;
    await new Promise((resolve) => setTimeout(resolve, 3 + 17 * round));
    training.child.kill("SIGKILL");
    await training.ended;
    for (const name of readdirSync(folder)) {
      const bytes = readFileSync(join(folder, name));
      if (name.endsWith(".caffemodel")) expect(readNet(bytes).layer.length).toBeGreaterThan(3);
      if (name.endsWith(".solverstate")) expect(readSolverState(bytes).history.length).toBe(9);
    }
  }
  expect(readdirSync(folder).some((name) => name.endsWith(".solverstate"))).toBe(true);
});
