// The time of commands that users wait for, against budgets: `node bench/budgets.mjs [--rounds 7]`, after `npm run
// build`. Exits with 1 if a median is over its budget. Budgets are in milliseconds, for Node 24 on two idle cores.
// Commands are measured as whole processes, from start to exit; lint while typing in one process, after some warm-up
// calls.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { lint } from "../dist/index.js";
import { densenet161, resnet, resnet152 } from "./architectures.mjs";
import { median } from "./median.mjs";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
const rounds = Number(values.rounds);
const moka = fileURLToPath(new URL("../dist/bin/moka.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "moka-budgets-"));
let failed = false;

console.log(
  `Node ${process.versions.node}, ${cpus()[0]?.model ?? "?"}, ${availableParallelism()} cores, ${rounds} rounds`,
);
try {
  const nets = { "ResNet-152": { text: resnet152(), ms: 400 }, "DenseNet-161": { text: densenet161(), ms: 600 } };
  for (const [name, { text, ms }] of Object.entries(nets)) {
    const path = join(folder, `${name}.prototxt`);
    writeFileSync(path, text);
    for (const command of ["summary", "lint"]) {
      const once = () => execFileSync(process.execPath, [moka, command, path], { stdio: "ignore" });
      await check(`moka ${command}, ${name}`, ms, once);
    }
  }
  const typed = resnet([3, 4, 12, 3]);
  let change = 0;
  const lines = typed.split("\n").length;
  await check(
    `lint while typing, ${lines} lines`,
    20,
    () => lint(typed.replace("num_output: 64", `num_output: ${64 + (change++ % 9)}`)),
    30,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

/** Prints the median time of `rounds` runs, after `warmUp` runs, beside the budget; both in milliseconds. */
async function check(what, budget, run, warmUp = 1) {
  const times = [];
  for (let round = -warmUp; round < rounds; round++) {
    const start = performance.now();
    await run();
    if (round >= 0) times.push(performance.now() - start);
  }
  const ms = median(times);
  failed ||= ms > budget;
  const cells = [what.padEnd(34), `${ms.toFixed(0)} ms`.padStart(8), `of ${budget}`.padStart(8)];
  console.log(`${cells.join("  ")}${ms > budget ? "  over its budget" : ""}`);
}
