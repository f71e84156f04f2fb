// A training that is made to fail: a small net on 3 ranks, with a snapshot every few iterations. Each run has a folder of its own, in
// which it writes `snap/net_iter_<n>.…`.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { SolverStateSchema } from "../../dist/proto/gen/caffe_pb.js";
import { readNet } from "../planted-causes/moka.mjs";
import { moka, startRanks } from "./launch.mjs";
import { waitForEnd, waitForRanks } from "./processes.mjs";

export const size = 3;
/** All ranks end within this many seconds after a failure. */
export const limit = 10;

export const netText = (source) => `
  ${source}
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
    convolution_param { num_output: 8 kernel_size: 5 stride: 2 bias_term: false weight_filler { type: "msra" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
  layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" dropout_param { dropout_ratio: 0.2 } }
  layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
    inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

export const dataLayer = (database) => `layer { name: "digits" type: "Data" top: "data" top: "label"
    transform_param { scale: 0.00390625 mirror: true } data_param { source: "${database}" batch_size: 8 backend: LMDB } }`;

const defaults = { base_lr: 0.01, momentum: 0.9, lr_policy: '"fixed"', random_seed: 3, display: 1, snapshot: 10 };

/** The text of a solver; fields replace the defaults. */
export function solverText(net, fields) {
  const all = { ...defaults, snapshot_prefix: '"snap/net"', ...fields };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `net_param { ${net} }\n${lines.join("\n")}\n`;
}

/** A new folder for runs of a solver. */
export function createFolder(path, text) {
  mkdirSync(join(path, "snap"), { recursive: true });
  writeFileSync(join(path, "solver.prototxt"), text);
  return path;
}

const trainArgs = ["train", "--solver", "solver.prototxt", "--engine", "wasm", "--threads", "1"];

/** Starts `moka train --mpi` in a folder. */
export function start(mpi, folder, args = [], { ranks = size, command, ...given } = {}) {
  const own = [process.execPath, moka, ...trainArgs, "--mpi", "--sync-bn", ...args];
  return startRanks(mpi, ranks, command?.(own) ?? own, { cwd: folder, limit: 300, ...given });
}

/** Runs `moka train` on one process. */
export function trainAlone(folder, args = []) {
  const own = [moka, ...trainArgs, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, own, { cwd: folder, encoding: "utf8" });
  return { code: status, output: stdout + stderr };
}

/** Has one rank run another command than the others: `change` gets its arguments. */
export function onRank(rank, change) {
  return (own) => {
    const quote = (args) => args.map((arg) => `'${arg}'`).join(" ");
    const isIt = `[ "\${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" = ${rank} ]`;
    return ["sh", "-c", `if ${isIt}; then exec ${quote(change(own))}; fi; exec ${quote(own)}`];
  };
}

/** The line that says when all ranks are connected and begin to train. */
export const connected = /Training on \d+ ranks/;

/** Waits until rank 0 has logged an iteration. */
export const iteration = (run, at) => run.logged(new RegExp(`Iteration ${at} \\(`));

/**
 * Starts ranks, does something to them, and waits for the end of all.
 *
 * @param harm gets the processes by rank, and the run; from its end on the time is taken
 */
export async function harmed(mpi, folder, harm, args, given) {
  const run = start(mpi, folder, args, given);
  run.launcher.stdout.on("data", () => {});
  const pids = await waitForRanks(run.launcher.pid, given?.ranks ?? size);
  run.logged = (pattern) => logged(run, pattern);
  await harm(pids, run);
  const since = performance.now();
  const ends = run.done.then((end) => ({ ...end, after: (performance.now() - since) / 1000 }));
  const left = await waitForEnd(pids, 60);
  const after = (performance.now() - since) / 1000;
  for (const pid of left) process.kill(pid, "SIGKILL");
  const end = await ends;
  return { ...end, ranksAfter: after, left: left.length };
}

/** Rank 0 logs to the standard error, which `line` does not read. */
async function logged(run, pattern) {
  let text = "";
  await new Promise((resolve, reject) => {
    run.launcher.stderr.on("data", (data) => {
      text += data;
      if (pattern.test(text)) resolve();
    });
    run.done.then(({ output }) => reject(new Error(`nobody has logged ${pattern}:\n${output}`)));
  });
}

/** The end of what ranks have written. */
export const lastLines = (output, count = 12) => output.trimEnd().split("\n").slice(-count).join("\n");

/** The last line of each rank that is an error of Moka: `moka: rank 1 of 3 … [MOKA_RANK]`. */
export const messages = ({ ranks }) => ranks.map(({ err }) => /^moka: (?!warning).*\[MOKA_\w+\]$/m.exec(err)?.[0]);

/**
 * Whether the ranks that must speak have said the same, and the right thing. Where a rank died of a signal, MPICH's launcher kills the
 * others within milliseconds, in spite of `-disable-auto-cleanup`: those that had no time to speak are let off, and those that saw one
 * of the others end before they saw the first.
 */
export function isSaid(mpi, said, expected, wasKilled) {
  if (!(wasKilled && mpi === "mpich")) return said.every((text) => text === said[0] && expected.test(text ?? ""));
  return said.every((text) => text === undefined || expected.test(text) || text.includes("ended without a word"));
}

/** The snapshots of a folder, by iteration: those with a solver state, which is written last. Others are begun. */
export function snapshots(folder) {
  const names = readdirSync(join(folder, "snap"));
  const found = names.flatMap((name) => /^net_iter_(\d+)\.solverstate$/.exec(name)?.[1] ?? []).map(Number);
  return { whole: found.sort((a, b) => a - b), temporary: names.filter((name) => name.endsWith(".tmp")), names };
}

export const snapshotFile = (folder, iter, end) => join(folder, "snap", `net_iter_${iter}.${end}`);

/** What is wrong with the files in a folder of snapshots: each must be whole, and each solver state have its other files. */
export function wrongSnapshots(folder) {
  const { whole, names } = snapshots(folder);
  const wrong = [];
  const parsers = {
    caffemodel: (bytes) => readNet(new Uint8Array(bytes)).layer.length > 0,
    solverstate: (bytes) => fromBinary(SolverStateSchema, new Uint8Array(bytes)).history.length > 0,
    json: (bytes) => JSON.parse(bytes.toString()) !== null,
  };
  for (const name of names.filter((each) => !each.endsWith(".tmp"))) {
    try {
      if (!parsers[name.split(".").at(-1)](readFileSync(join(folder, "snap", name)))) wrong.push(`${name} is empty`);
    } catch (error) {
      wrong.push(`${name}: ${error.message}`);
    }
  }
  for (const iter of whole)
    for (const end of ["caffemodel", "moka.json"])
      if (!names.includes(`net_iter_${iter}.${end}`))
        wrong.push(`net_iter_${iter}.solverstate stands without its ${end}`);
  return wrong;
}

/** The files of the last snapshot that differ from those of an uninterrupted run. */
export function differences(folder, reference, iter) {
  return ["caffemodel", "solverstate", "moka.json"].flatMap((end) => {
    const [own, other] = [folder, reference].map((each) => readFileSync(snapshotFile(each, iter, end)));
    return own.equals(other) ? [] : [`the ${end} of iteration ${iter} is not that of an uninterrupted run`];
  });
}
