// Failures of every kind: what all ranks say, how soon they end, and what they leave. Kills at random moments are in kills.mjs.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { drawDigits, drawWithNaN, inFolder } from "./data.mjs";
import { fullDisk } from "./full-disk.mjs";
import * as job from "./job.mjs";
import { mpis } from "./launch.mjs";

const { size } = job;

/** Each failure gets a folder with the training `text(fields, source)`, and returns what is wrong, or why it was not tried. */
const failures = {
  "a killed rank": async ({ mpi, folder, text }) => {
    const own = job.createFolder(join(folder, "killed"), text({ max_iter: 60, snapshot: 5 }));
    const end = await job.harmed(mpi, own, async (pids, run) => {
      await job.iteration(run, 21);
      process.kill(pids[1], "SIGKILL");
    });
    const wrong = [
      ...endedWrong(end, /^moka: rank 1 of 3 \(host \S+, process \d+\) ended without a word/, 1, mpi),
      ...job.wrongSnapshots(own),
    ];
    const whole = job.createFolder(join(folder, "whole"), text({ max_iter: 60, snapshot: 5 }));
    for (const [path, args] of [
      [own, ["--restarts", "1"]],
      [whole, []],
    ]) {
      const { code, output } = await job.start(mpi, path, args).done;
      if (code !== 0) wrong.push(`a run ended with ${code}: ${job.lastLines(output)}`);
    }
    return [...wrong, ...job.differences(own, whole, 60)];
  },
  "a stopped rank": async ({ mpi, folder, text }) => {
    const own = job.createFolder(folder, text({ max_iter: 100_000 }));
    const harm = async (pids, run) => {
      await job.iteration(run, 11);
      process.kill(pids[2], "SIGSTOP");
    };
    const end = await job.harmed(mpi, own, harm, ["--mpi-timeout", "3"]);
    const said = /^moka: rank 2 of 3 \(host \S+, process \d+\) has not been heard of for 3 s: its process is stopped/;
    return [...endedWrong(end, said, 2), ...job.wrongSnapshots(own)];
  },
  "a full disk": (given) => fullDisk(given),
  "Ctrl-C": async ({ mpi, folder, text }) => {
    const fields = { max_iter: 100_000, snapshot: 0, display: 10 };
    // Open MPI's launcher passes nothing on while it waits, first before it sends SIGTERM: the ranks' own logs say how they ended.
    const own = job.createFolder(folder, text(fields));
    const options = mpi === "openmpi" ? ["--mca", "odls_base_sigkill_timeout", "3"] : [];
    let from = 0;
    const harm = async (_, run) => {
      await job.iteration(run, 20);
      from = 20;
      run.launcher.kill("SIGINT");
    };
    const end = await job.harmed(mpi, own, harm, ["--log-dir", "logs"], { options });
    const wrong = job.wrongSnapshots(own);
    const { whole } = job.snapshots(own);
    if (Math.max(end.after, end.ranksAfter) > job.limit) wrong.push(`it took ${end.ranksAfter.toFixed(1)} s`);
    if (whole.length !== 1 || whole[0] <= from)
      wrong.push(`there are snapshots of ${whole}, not of one iteration after ${from}`);
    for (let rank = 0; rank < size; rank++) {
      const log = readFileSync(join(own, "logs", `moka.rank-${rank}.log`), "utf8");
      if (!/Optimization stopped early\./.test(log))
        wrong.push(`rank ${rank} has not stopped early: ${job.lastLines(log)}`);
    }
    return wrong;
  },
  "another solver on one rank": (given) =>
    differs(
      given,
      (text) => text.replace("momentum: 0.9", "momentum: 0.8"),
      /its solver has "momentum: 0.8" where "momentum: 0.9" stands/,
    ),
  "another net on one rank": (given) =>
    differs(given, (text) => text.replace("stride: 2", "stride: 3"), /its layer "conv" of the training net is another/),
  "another seed on one rank": (given) =>
    differs(given, (text) => text.replace("random_seed: 3", "random_seed: 4"), /its random seed is 4, not 3/),
  "no data on one rank": (given) =>
    differs(given, (text) => text.replaceAll("gray_lmdb", "missing_lmdb"), /missing_lmdb/),
  "NaN on one rank": async ({ mpi, folder, text }) => {
    // Of 3 ranks with 8 images each, image 3 · (10 · 8 + 5) + 1 is read by rank 1 in iteration 10.
    const list = await drawWithNaN(folder, 600, 256);
    const source = `layer { name: "digits" type: "HDF5Data" top: "data" top: "label" hdf5_data_param { source: "${list}" batch_size: 8 } }`;
    const own = job.createFolder(folder, text({ max_iter: 60, snapshot: 4 }, source));
    const end = await job.harmed(mpi, own, async () => {});
    const wrong = endedWrong(
      end,
      /^moka: rank 1 of 3 \(host \S+, process \d+\) ended: .*the loss became NaN in iteration 10/,
    );
    const { whole } = job.snapshots(own);
    if (whole.join() !== "4,8") wrong.push(`there are snapshots of ${whole}, not of 4 and 8`);
    return [...wrong, ...job.wrongSnapshots(own)];
  },
  "logs of all ranks": async ({ mpi, folder, text }) => {
    const own = job.createFolder(folder, text({ max_iter: 100_000 }));
    const harm = async (pids, run) => {
      await job.iteration(run, 11);
      process.kill(pids[0], "SIGKILL");
    };
    await job.harmed(mpi, own, harm, ["--log-dir", "logs"]);
    return Array.from({ length: size }, (_, rank) => rank).flatMap((rank) => {
      const path = join(own, "logs", `moka.rank-${rank}.log`);
      const log = existsSync(path) ? readFileSync(path, "utf8") : "";
      if (!/Iteration 11 \(.*loss = /.test(log)) return [`the log of rank ${rank} has no iteration 11`];
      const said = /rank 0 of 3 \(host \S+, process \d+\) ended without a word/.test(log);
      // MPICH's launcher may have killed it before, see isSaid.
      return said || rank === 0 || mpi === "mpich"
        ? []
        : [`the log of rank ${rank} does not say why it ended: ${job.lastLines(log, 3)}`];
    });
  },
};

/** Tries the failures, or those whose names contain a text, with each MPI. Returns whether all ended as they must. */
export async function run({ mpi, only, json }) {
  const chosen = Object.entries(failures).filter(
    ([name]) => !only || only.split(",").some((part) => name.includes(part)),
  );
  const results = [];
  for (const kind of mpis(mpi)) {
    for (const [name, fail] of chosen) {
      const began = performance.now();
      const found = await inFolder((folder) => {
        const data = drawDigits(folder, 600);
        const text = (fields, source = job.dataLayer(data.gray)) => job.solverText(job.netText(source), fields);
        return fail({ mpi: kind, folder, text }).catch((error) => [job.lastLines(error.message, 40)]);
      });
      const seconds = (performance.now() - began) / 1000;
      const verdict =
        typeof found === "string" ? `skipped: ${found}` : found.length === 0 ? "ok" : `WRONG: ${found.join("; ")}`;
      results.push({ mpi: kind, name, verdict, seconds });
      if (!json) console.log(`${kind.padEnd(7)} ${name.padEnd(27)} ${seconds.toFixed(1).padStart(5)} s  ${verdict}`);
    }
  }
  if (json) console.log(JSON.stringify(results, null, 1));
  return results.length > 0 && results.every(({ verdict }) => !verdict.startsWith("WRONG"));
}

/** What is wrong with the end of ranks that must all have said the same; `but` could say nothing. `killedBy` is the MPI of a killed rank. */
function endedWrong(end, expected, but, killedBy) {
  const wrong = [];
  const after = Math.max(end.after, end.ranksAfter);
  if (end.code === 0) wrong.push("the exit code is 0");
  if (end.left > 0) wrong.push(`${end.left} ranks had to be killed`);
  if (after > job.limit) wrong.push(`it took ${after.toFixed(1)} s until all had ended`);
  const said = job.messages(end).filter((_, rank) => rank !== but);
  if (job.isSaid(killedBy, said, expected, killedBy !== undefined)) return wrong;
  return [...wrong, `the ranks said ${said.map(String).join(" | ")}\n${job.lastLines(end.output)}`];
}

/** Rank 1 starts with another solver file than the others. */
async function differs({ mpi, folder, text }, change, message) {
  const own = job.createFolder(folder, text({ max_iter: 100_000 }));
  const other = job.createFolder(join(folder, "other"), change(text({ max_iter: 100_000 })));
  const command = job.onRank(1, (args) => args.map((arg) => (arg === "solver.prototxt" ? join(other, arg) : arg)));
  const began = performance.now();
  const end = await job.start(mpi, own, [], { command }).done;
  const after = (performance.now() - began) / 1000;
  const wrong = endedWrong({ ...end, after, ranksAfter: 0, left: 0 }, /^moka: rank 1 of 3 \(host \S+, process \d+\) /);
  if (!job.messages(end).every((text) => message.test(text ?? "")))
    wrong.push(`the ranks said ${job.messages(end).join(" | ")}`);
  return wrong;
}
