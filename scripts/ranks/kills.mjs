// Kills a random rank at a random moment, again and again; each run is then resumed, and must end with the bits of one that was not killed.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { generator } from "../planted-causes/moka.mjs";
import { drawDigits, inFolder } from "./data.mjs";
import * as job from "./job.mjs";
import { mpis } from "./launch.mjs";
import { median } from "./nets.mjs";

export async function run({ mpi, count = "50", seed = "1", iterations = "60", json }) {
  const random = generator(Number(seed));
  const kinds = mpis(mpi);
  const last = Number(iterations);
  const say = (text) => json || console.log(text);
  const results = [];
  await inFolder(async (folder) => {
    const { gray } = drawDigits(folder, 600);
    const text = job.solverText(job.netText(job.dataLayer(gray)), { max_iter: last, snapshot: 3 });
    const wholes = new Map();
    for (const kind of kinds) wholes.set(kind, await whole(job.createFolder(join(folder, kind), text), kind));
    for (const [kind, { seconds }] of wholes) say(`${kind}: an uninterrupted run takes ${seconds.toFixed(1)} s`);
    for (let i = 0; i < Number(count) && kinds.length > 0; i++) {
      const kind = kinds[i % kinds.length];
      const own = job.createFolder(join(folder, `kill-${i}`), text);
      const result = await kill(own, kind, { i, last, random, reference: wholes.get(kind) });
      results.push(result);
      say(format(result, Number(count)));
      rmSync(own, { recursive: true, force: true });
    }
  });
  const failed = results.filter(({ problems }) => problems.length > 0);
  const struck = results.filter(({ isOver }) => !isOver);
  const times = struck.map(({ after }) => after);
  if (json) console.log(JSON.stringify({ results }, null, 1));
  say(
    `${results.length} kills, ${struck.length} of them before the end of the run, ${struck.filter(({ said }) => said === job.size - 1).length} with the message of all other ranks, ` +
      `${struck.filter(({ said }) => said < job.size - 1).length} killed by MPICH's launcher before all had spoken: ${failed.length} wrong; from the kill to the end of all ranks median ${median(times)?.toFixed(1)} s, most ${Math.max(...times).toFixed(1)} s`,
  );
  return results.length > 0 && failed.length === 0;
}

/** An uninterrupted run. */
async function whole(folder, kind) {
  const began = performance.now();
  const { code, output } = await job.start(kind, folder).done;
  if (code !== 0) throw new Error(`the uninterrupted run of ${kind} ended with ${code}:\n${output}`);
  return { folder, seconds: (performance.now() - began) / 1000 };
}

async function kill(folder, kind, { i, last, random, reference }) {
  const victim = Math.floor(random() * job.size);
  const wait = random() * reference.seconds;
  let isConnected = false;
  const end = await job.harmed(kind, folder, async (pids, run) => {
    run.logged(job.connected).then(
      () => (isConnected = true),
      () => {},
    );
    await Promise.race([delay(1000 * wait), run.done]);
    try {
      process.kill(pids[victim], "SIGKILL");
    } catch {
      // It has ended.
    }
  });
  const isOver = end.code === 0;
  const problems = [];
  const others = job.messages(end).filter((_, rank) => rank !== victim);
  if (!isOver) {
    if (end.left > 0) problems.push(`${end.left} ranks had to be killed after 60 s`);
    const after = Math.max(end.after, end.ranksAfter);
    if (after > job.limit) problems.push(`it took ${after.toFixed(1)} s until all had ended`);
    // Before all ranks have met, the launcher alone knows of a death, and ends the others.
    const expected = new RegExp(
      `^moka: rank ${victim} of ${job.size} \\(host \\S+, process \\d+\\) ended without a word`,
    );
    if (isConnected && !job.isSaid(kind, others, expected, true))
      problems.push(`the other ranks said: ${others.map(String).join(" | ")}`);
  }
  problems.push(...job.wrongSnapshots(folder));
  const { whole: states, temporary } = job.snapshots(folder);
  const from = states.at(-1);
  const isRestart = i % 4 < 2;
  const state = from === undefined ? [] : ["--snapshot", `snap/net_iter_${from}.solverstate`];
  const resumed = await job.start(kind, folder, isRestart ? ["--restarts", "5"] : state).done;
  if (resumed.code !== 0) problems.push(`the resumed run ended with ${resumed.code}: ${job.lastLines(resumed.output)}`);
  else problems.push(...job.differences(folder, reference.folder, last));
  const { temporary: left } = job.snapshots(folder);
  if (left.length > 0) problems.push(`${left.join(" and ")} is left after the resumed run`);
  const after = Math.max(end.after, end.ranksAfter);
  const said = isConnected ? others.filter(Boolean).length : undefined;
  return {
    i,
    kind,
    victim,
    wait,
    isOver,
    isConnected,
    after,
    said,
    from,
    temporary,
    isRestart,
    problems,
    output: end.output,
  };
}

function format(
  { i, kind, victim, wait, isOver, isConnected, after, said, from, isRestart, temporary, problems, output },
  count,
) {
  const when = isOver
    ? "the run was over"
    : `ended after ${after.toFixed(1)} s${isConnected ? `, ${said} spoke` : ", before all ranks had met"}`;
  const resumed = `resumed by ${isRestart ? "--restarts" : "--snapshot"} from ${from ?? "the start"}`;
  const rest = temporary.length > 0 ? `, ${temporary.length} temporary file left` : "";
  const verdict = problems.length === 0 ? "same bits" : `WRONG: ${problems.join("; ")}\n${job.lastLines(output)}`;
  return `${String(i + 1).padStart(3)}/${count} ${kind.padEnd(7)} rank ${victim} at ${wait.toFixed(2)} s: ${when}${rest}; ${resumed}: ${verdict}`;
}
