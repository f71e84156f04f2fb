// A disk that is full for the second snapshot: a small file system in memory, mounted where the snapshots go.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import * as job from "./job.mjs";

/** Whether training goes on as in one process: without that snapshot, and with an error at the end. Returns why it was not tried. */
export async function fullDisk({ mpi, folder, text }) {
  // A snapshot of this net has about 100 KB: one fits, and the next does not.
  const solver = text({ max_iter: 24, snapshot: 10, snapshot_after_train: "false" });
  const ends = [];
  const wrong = [];
  for (const isAlone of [true, false]) {
    const own = job.createFolder(join(folder, isAlone ? "alone" : "ranks"), solver);
    const disk = join(own, "snap");
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${isAlone ? 144 : 160}k`, "tmpfs", disk], { stdio: "pipe" });
    } catch (error) {
      return `no small disk can be mounted here: ${String(error.stderr ?? error).trim()}`;
    }
    try {
      const end = isAlone ? job.trainAlone(own) : await job.start(mpi, own).done;
      ends.push(end);
      const { whole, temporary } = job.snapshots(own);
      if (whole.join() !== "10") wrong.push(`there are snapshots of ${whole}, not of 10 alone`);
      wrong.push(...job.wrongSnapshots(own), ...temporary.map((name) => `${name} is left`));
    } finally {
      execFileSync("umount", [disk]);
    }
  }
  const [alone, ranks] = ends;
  for (const [who, { code, output }] of [
    ["one process", alone],
    ["ranks", ranks],
  ]) {
    if (code === 0) wrong.push(`the exit code of ${who} is 0`);
    if (!/no space.*training goes on without this snapshot/i.test(output))
      wrong.push(`${who} did not say that it goes on`);
    if (!/Iteration 23 \(/.test(output)) wrong.push(`${who} did not train to the end: ${job.lastLines(output)}`);
  }
  const said = job.messages(ranks);
  if (!said.every((text) => text === said[0] && /rank 0 of 3 .*no space/i.test(text ?? "")))
    wrong.push(`the ranks said ${said.join(" | ")}`);
  return wrong;
}
