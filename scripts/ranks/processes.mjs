// The processes of ranks that a launcher has started, as /proc shows them.
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const read = (pid, file) => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // it has ended
  }
};

/** State and parent of a process; undefined once it has ended, or only its parent's asking is left. */
function look(pid) {
  const [, state, parent] = /\)\s+(\S)\s+(\d+)[^)]*$/.exec(read(pid, "stat")) ?? [];
  return state === undefined || "ZX".includes(state) ? undefined : { state, parent: Number(parent) };
}

/** The processes of the ranks of a launcher, by rank: those that run Moka, not what starts them. */
export function findRanks(launcher) {
  const parents = new Map();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const found = pid > 0 ? look(pid) : undefined;
    if (found) parents.set(pid, found.parent);
  }
  const isBelow = (pid) => pid === launcher || (parents.has(pid) && isBelow(parents.get(pid)));
  const ranks = [];
  for (const pid of parents.keys()) {
    if (!isBelow(pid) || !read(pid, "cmdline").includes("moka.js\0train")) continue;
    const [, rank] = /(?:^|\0)(?:OMPI_COMM_WORLD_RANK|PMI_RANK)=(\d+)/.exec(read(pid, "environ")) ?? [];
    // Between fork and exec a process looks like its parent.
    if (rank !== undefined && read(pid, "cmdline").startsWith(process.execPath)) ranks[Number(rank)] = pid;
  }
  return ranks;
}

/** Waits until all `size` ranks run. */
export async function waitForRanks(launcher, size, limit = 30) {
  const until = performance.now() + 1000 * limit;
  while (performance.now() < until) {
    const ranks = findRanks(launcher);
    if (Array.from({ length: size }, (_, rank) => ranks[rank]).every(Boolean)) return ranks;
    await delay(20);
  }
  throw new Error(`not all of ${size} ranks have started within ${limit} s`);
}

/** Waits until none of these processes runs. Returns those that still run after `limit` seconds. */
export async function waitForEnd(pids, limit) {
  const until = performance.now() + 1000 * limit;
  let left = pids;
  while (performance.now() < until) {
    left = left.filter(look);
    if (left.length === 0) break;
    await delay(20);
  }
  return left;
}
