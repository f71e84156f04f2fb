import { spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Solver, type SolverOptions } from "../index.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moka-snapshots-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const net = `net_param {
  layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param { data_filler { type: "constant" value: 2 } shape { dim: 4 dim: 1 } } }
  layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 weight_filler { type: "constant" value: 3 } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" } }`;

/** A solver, and what it logs beside Caffe's own lines. */
async function load(
  fields: string,
  options: SolverOptions = {},
  text = net,
): Promise<{ solver: Solver; log: string[] }> {
  const log: string[] = [];
  const solver = await Solver.load(
    `base_lr: 0.01 lr_policy: "fixed" max_iter: 6 random_seed: 5 snapshot_prefix: "${folder}/a/m" ${fields}\n${text}`,
    {
      engine: "reference",
      log: (severity, origin, message) => void (origin === "moka:0" && log.push(`${severity}: ${message}`)),
      ...options,
    },
  );
  return { solver, log };
}

const inFolder = (name: string) => join(folder, "a", name);
const makeFolder = () => mkdirSync(join(folder, "a"));

test.each([
  ["snapshot: 2", "m_iter_4.caffemodel"],
  ["snapshot: 4", "m_iter_6.solverstate"],
  ["snapshot_format: HDF5", "m_iter_6.caffemodel.h5"],
  ["", "m_iter_6.moka.json"],
])(
  "a file that is read-only, and a snapshot of this run would replace, is refused at the start: %s, %s",
  async (fields, name) => {
    makeFolder();
    writeFileSync(inFolder(name), "kept", { mode: 0o444 });
    const { solver } = await load(fields);
    await expect(solver.solve()).rejects.toMatchObject({
      code: "MOKA_FILE",
      message: `cannot write ${inFolder(name)}: the file is read-only`,
    });
    expect(solver.iter).toBe(0);
    await solver.dispose();
  },
);

test.each(["m_iter_3.caffemodel", "m_iter_60.caffemodel", "m_iter_4.caffemodel.h5", "m_iter_4", "n_iter_4.caffemodel"])(
  "a read-only file that no snapshot of this run replaces is in nobody's way: %s",
  async (name) => {
    makeFolder();
    writeFileSync(inFolder(name), "kept", { mode: 0o444 });
    const { solver } = await load("snapshot: 2");
    await solver.solve();
    expect(readdirSync(inFolder("."))).toContain("m_iter_6.solverstate");
    await solver.dispose();
  },
);

test("a snapshot that cannot be written does not end training; the next one is tried", async () => {
  makeFolder();
  const { solver, log } = await load("snapshot: 2");
  solver.on("iteration", ({ iter }) => {
    if (iter === 2) writeFileSync(inFolder("m_iter_4.caffemodel"), "kept", { mode: 0o444 });
  });
  await solver.solve();
  expect(log).toEqual([
    `error: cannot write ${inFolder("m_iter_4.caffemodel")}: the file is read-only: training goes on without this snapshot`,
  ]);
  expect(readdirSync(inFolder(".")).filter((name) => name.endsWith("solverstate"))).toEqual([
    "m_iter_2.solverstate",
    "m_iter_6.solverstate",
  ]);
  await solver.dispose();
});

test.each(["snapshot_after_train: false", "snapshot_after_train: true"])(
  "a last snapshot that cannot be written is an error, after the training: %s",
  async (fields) => {
    makeFolder();
    const { solver } = await load(`snapshot: 3 ${fields}`);
    solver.on("iteration", ({ iter }) => {
      if (iter === 4) writeFileSync(inFolder("m_iter_6.caffemodel"), "kept", { mode: 0o444 });
    });
    await expect(solver.solve()).rejects.toThrow("the file is read-only");
    expect(solver.iter).toBe(6);
    chmodSync(inFolder("m_iter_6.caffemodel"), 0o644);
    await solver.snapshot();
    await solver.step(1);
    await solver.dispose();
  },
);

test("a folder that is removed during the run is made again", async () => {
  makeFolder();
  const { solver, log } = await load("snapshot: 2");
  solver.on("iteration", ({ iter }) => {
    if (iter === 3) rmSync(join(folder, "a"), { recursive: true });
  });
  await solver.solve();
  expect(log).toEqual([`warning: The folder ${folder}/a of the snapshots is gone: it is made again`]);
  expect(readdirSync(inFolder("."))).toContain("m_iter_4.solverstate");
  await solver.dispose();
});

test("two runs with one prefix warn of each other, and leave whole files", async () => {
  makeFolder();
  const [one, other] = [await load("snapshot: 2"), await load("snapshot: 2")];
  await one.solver.step(4);
  // Some file systems take a file's time from the last tick of a clock, which is in the past.
  for (const name of readdirSync(inFolder("."))) utimesSync(inFolder(name), new Date(), new Date(Date.now() + 1000));
  await other.solver.step(2);
  expect(one.log).toEqual([]);
  expect(other.log).toEqual([
    expect.stringMatching(/^warning: \S+m_iter_2.solverstate is new, but not of this run: does another one write/),
  ]);
  const resumed = await load("", { snapshot: inFolder("m_iter_2.solverstate") });
  expect(resumed.log).toEqual([expect.stringContaining("Resuming exactly")]);
  for (const { solver } of [one, other, resumed]) await solver.dispose();
});

test("a second snapshot of one iteration, and those of an earlier run, need no warning", async () => {
  makeFolder();
  const first = await load("snapshot: 2");
  await first.solver.solve();
  await first.solver.dispose();
  for (const name of readdirSync(inFolder("."))) utimesSync(inFolder(name), new Date(), new Date(Date.now() - 5000));
  const second = await load("snapshot: 2");
  await second.solver.solve();
  await second.solver.snapshot();
  expect(second.log).toEqual([]);
  await second.solver.dispose();
});

test("pictures that vanish during a run end it with a snapshot of what was learned", async () => {
  makeFolder();
  const list = join(folder, "list.txt");
  const copy = join(folder, "copy.png");
  writeFileSync(list, "copy.png 0\n");
  copyFileSync(new URL("../../test/golden/data/inputs/images/3.png", import.meta.url), copy);
  const text = `net_param {
    layer { name: "d" type: "ImageData" top: "x" top: "t" image_data_param { source: "${list}" root_folder: "${folder}/" batch_size: 1 new_height: 4 new_width: 4 } data_param { prefetch: 1 } }
    layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "loss" } }`;
  const { solver, log } = await load("snapshot: 1000", {}, text);
  solver.on("iteration", ({ iter }) => {
    if (iter === 1) rmSync(copy);
  });
  await expect(solver.solve()).rejects.toThrow(`cannot read ${copy}: no such file or folder`);
  const { iter } = solver;
  expect(iter).toBeGreaterThan(1);
  const state = inFolder(`m_iter_${iter}.solverstate`);
  expect(log).toEqual([`error: An error ends the run after ${iter} iterations; ${state} is what was learned`]);
  expect(existsSync(inFolder(`m_iter_${iter}.moka.json`))).toBe(false);
  await solver.dispose();
  copyFileSync(new URL("../../test/golden/data/inputs/images/3.png", import.meta.url), copy);
  const resumed = await load("", { snapshot: state }, text);
  expect(resumed.solver.iter).toBe(iter);
  expect(resumed.log).toEqual([expect.stringContaining("Resuming from Caffe's own files alone")]);
  await resumed.solver.dispose();
});

test("the next snapshot removes temporary files of a killed process, and none that may still be written", async () => {
  makeFolder();
  const script = `
    const { createFiles } = await import("${new URL("../../dist/platform/node/index.js", import.meta.url)}");
    const chunks = [new Uint8Array(9)];
    Object.defineProperty(chunks, 0, { get: () => process.kill(process.pid, "SIGKILL") });
    await createFiles().write("${inFolder("m_iter_1.caffemodel")}", chunks);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  await new Promise((resolve) => child.on("close", resolve));
  const left = readdirSync(inFolder("."));
  expect(left).toEqual([expect.stringMatching(/^\.moka-.*\.tmp$/)]);
  const [name = ""] = left;
  const others = [
    name.replace(`-${child.pid}-`, `-${process.ppid}-`),
    name.replace(/^\.moka-[^-]+-/, ".moka-another.machine-"),
    ".moka-1-of-mine.tmp",
  ];
  for (const each of others) writeFileSync(inFolder(each), "");
  const { solver } = await load("");
  await solver.solve();
  expect(readdirSync(inFolder(".")).filter((each) => each.endsWith(".tmp"))).toEqual(others.sort());
  await solver.dispose();
});

test("a loop of single steps looks into the folder only where a snapshot is due", async () => {
  makeFolder();
  writeFileSync(inFolder("m_iter_4.solverstate"), "kept", { mode: 0o444 });
  const { solver } = await load("snapshot: 4");
  for (let i = 0; i < 3; i++) await solver.step(1);
  rmSync(join(folder, "a"), { recursive: true });
  await solver.step(1);
  expect(readdirSync(inFolder("."))).toContain("m_iter_4.solverstate");
  await solver.dispose();
});
