// What people wait for, each with the most it may take: `npm run budgets`, or, after `npm run build`, `node bench/budgets.mjs
// [--rounds 7]`. Exits with 1 if a median is beyond its budget. Budgets are for Node 24 on two quiet cores, in milliseconds. They
// hold whole processes, from start to exit; lint while typing is measured in one process that has linted before, each time
// with another text.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { lint, summarize } from "../dist/index.js";
import { densenet161, resnet, resnet152 } from "./architectures.mjs";
import { median } from "./median.mjs";
import { openStudio } from "./studio-page.mjs";

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
    for (const command of ["summary", "summary --no-peaks", "lint"]) {
      const once = () => execFileSync(process.execPath, [moka, ...command.split(" "), path], { stdio: "ignore" });
      await hold(`moka ${command}, ${name}`, ms, once);
    }
  }
  for (const [name, { text, options }] of Object.entries(typed())) {
    let change = 0;
    const once = () => lint(text.replace("num_output: 64", `num_output: ${64 + (change++ % 9)}`), options);
    await hold(`lint while typing, ${text.split("\n").length} lines, ${name}`, 20, once, 30);
  }
  // Twice the layers may take twice the time, and a quarter more for the garbage that a larger heap has.
  for (const [name, run] of Object.entries({ lint, summary: (text) => summarize(text, { peaks: false }) })) {
    const [half, whole] = [resnet([94, 94, 94, 94]), resnet([188, 188, 188, 188])];
    const ms = await hold(`${name}, ${layersOf(half)} layers`, 1000, () => run(half));
    await hold(`${name}, ${layersOf(whole)} layers`, 2.5 * ms, () => run(whole));
  }
  await holdStudio(resnet([3, 4, 12, 3]));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

/** Nets of about 2,000 lines, in the forms that people write. */
function typed() {
  const deploy = resnet([3, 4, 12, 3]);
  const source = (phase) =>
    `layer { name: "data" type: "Data" top: "data" top: "label" include { phase: ${phase} } ` +
    'data_param { source: "nowhere" batch_size: 8 backend: LMDB } transform_param { crop_size: 224 } }';
  const trainval = deploy
    .replace(/layer \{\s+name: "data"[^}]*\}[^}]*\}[^}]*\}/, `${source("TRAIN")}\n${source("TEST")}`)
    .replace(/"prob"/g, '"loss"')
    .replace('"Softmax"\n', '"SoftmaxWithLoss"\n  bottom: "label"\n');
  const solver = 'net: "net.prototxt"\nbase_lr: 0.1\nlr_policy: "fixed"\ntest_iter: 10\ntest_interval: 100\n';
  const staged = (text) =>
    text.replace(/ {2}type: "ReLU"/g, (line, at) => `${line}\n  exclude { stage: "s${at % 3}" }`);
  const foreign = (text) =>
    text.replace(/ {2}type: "ReLU"/g, '  type: "HardSwish"\n  hard_swish_param { inplace: true }');
  return {
    deploy: { text: deploy },
    "train and test": { text: trainval },
    "train and test, with its solver": { text: trainval, options: { solver } },
    "train and test, three stages": { text: staged(trainval) },
    "unknown types and fields": { text: foreign(deploy) },
    "the old form": {
      text: deploy.replace(/layer \{/g, "layers {").replace(/type: "(\w+)"/g, (_, type) => `type: ${old(type)}`),
    },
  };
}

/** A type in the old form; those that it lacks stand for others of as many parameters. */
function old(type) {
  const names = { Input: "DATA", BatchNorm: "LRN", Scale: "SIGMOID", InnerProduct: "INNER_PRODUCT" };
  return names[type] ?? type.toUpperCase();
}

function layersOf(text) {
  return text.match(/^layer /gm)?.length ?? 0;
}

/** What readers of Moka Studio wait for, with a net of about 2,000 lines. */
async function holdStudio(text) {
  const path = join(folder, "net.prototxt");
  writeFileSync(path, text);
  const studio = await openStudio(path);
  if (!studio) return console.log("Moka Studio: not measured, no Chromium starts here (CHROME_PATH)");
  const lines = `${text.split("\n").length} lines`;
  const firstViews = [];
  for (let round = 0; round < rounds; round++) firstViews.push(await studio.firstView());
  holdTimes(`Moka Studio, first view, ${lines}`, 1500, firstViews);
  const warmUp = 5;
  const keys = await studio.lintAfterKey(warmUp + 4 * rounds);
  holdTimes(`Moka Studio, from a key to its squiggle, ${lines}`, 50, keys.slice(warmUp));
  await studio.close();
}

/** Holds `rounds` runs, behind some that do not count; returns their median. */
async function hold(what, budget, run, warmUp = 1) {
  const times = [];
  for (let round = -warmUp; round < rounds; round++) {
    const start = performance.now();
    await run();
    if (round >= 0) times.push(performance.now() - start);
  }
  return holdTimes(what, budget, times);
}

/** Prints the median of times, in milliseconds, beside the budget; returns it. */
function holdTimes(what, budget, times) {
  const ms = median(times);
  failed ||= ms > budget;
  const cells = [what.padEnd(66), `${ms.toFixed(0)} ms`.padStart(8), `of ${budget.toFixed(0)}`.padStart(8)];
  console.log(`${cells.join("  ")}  × ${(ms / budget).toFixed(2)}${ms > budget ? "  beyond its budget" : ""}`);
  return ms;
}
