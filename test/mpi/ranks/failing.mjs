// Ranks reduce without end, until rank `who` fails as `mode` says. What the others are told is printed.
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { connectMpi } from "../../../dist/platform/node/index.js";

const [mode, who] = [process.argv[2], Number(process.argv[3])];
const ranks = await connectMpi({ timeout: 3 });
const print = (text) => process.stdout.write(`${text}\n`);

// mpirun ends all ranks with this signal when one has died.
process.on("SIGTERM", async () => {
  const failure = await ranks.failure();
  if (!failure) print("no failure");
  // The loop below reports the failure.
  await ranks.exit(1);
});

const fail = {
  kill: () => process.kill(process.pid, "SIGKILL"),
  stop: () => process.kill(process.pid, "SIGSTOP"),
  exit: () => process.exit(7),
  fail: () => {
    throw new Error("out of memory\n\u001b[31m");
  },
  busy: () => {
    for (;;);
  },
  late: () => delay(1e8),
  run: () => {},
};

try {
  for (let i = 0; ; i++) {
    await Promise.all([ranks.allReduce(new Float32Array(300_000).fill(1)), ranks.allReduce(new Float32Array(100))]);
    if (i === 20) print("running");
    if (i === 50 && ranks.rank === who) await fail[mode]();
    await delay(2);
  }
} catch (error) {
  if (ranks.rank === who) await ranks.fail(error);
  const { code, message } = (await ranks.failure()) ?? error;
  print(`${code}: ${message}`);
  // What a host whose network was cut writes does not reach mpirun.
  if (process.env.RANKS_LOG) writeFileSync(`${process.env.RANKS_LOG}/rank-${ranks.rank}`, message);
  await ranks.exit(1);
}
