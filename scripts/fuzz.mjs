// Gives every reader many damaged inputs: `npm run fuzz`. It prints a table, and exits with 1 if a reader failed.
//
//   npm run fuzz                                  100,000 inputs for each reader of texts and messages, 10,000 for images and databases
//   npm run fuzz -- --count 500 png lmdb          some readers, that many inputs each
//   npm run fuzz -- --seed 2                      other inputs
//   npm run fuzz -- --index 1234 png              one input, and its result; --save FILE writes the input to a file
//
// A reader may return or throw a MokaError. Everything else is a failure: another error, a crash, more than 2 s, or more memory
// than 10 times the input and the result together, beyond a floor of 64 MiB. Each reader runs in a process of its own; after a
// failure it goes on with the next input in a new one.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { generator, hash } from "./fuzz/mutate.mjs";
import { readers } from "./fuzz/readers.mjs";

const slowest = 2000; // ms
/** A reader that takes longer counts as hanging, ms. */
const patience = 30_000;
/** A reader with this number of failures gets no further inputs. */
const mostFailures = 100;
const floor = 64 * 2 ** 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: "string" },
    seed: { type: "string", default: "1" },
    index: { type: "string" },
    save: { type: "string" },
    child: { type: "boolean", default: false },
    from: { type: "string", default: "0" },
  },
});
const { seed } = values;

if (values.child) await runChild(positionals[0], Number(values.from), Number(values.count));
else if (values.index !== undefined) await runOne(positionals[0], Number(values.index));
else await runAll();

async function runAll() {
  const unknown = positionals.filter((name) => !readers.some((reader) => reader.name === name));
  if (unknown.length > 0)
    throw new Error(`no reader ${unknown}; there are ${readers.map(({ name }) => name).join(", ")}`);
  const chosen = readers.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  console.log("| reader | inputs | read | refused | failed | slowest, ms | most memory, MiB | s |");
  console.log("|---|---|---|---|---|---|---|---|");
  let failures = 0;
  for (const { name, count } of chosen) failures += (await fuzz(name, Number(values.count ?? count))).length;
  process.exitCode = failures > 0 ? 1 : 0;
}

/** Runs `count` inputs of one reader, prints its row, and returns its failures. */
async function fuzz(name, count) {
  const total = { read: 0, refused: 0, slowest: 0, memory: 0 };
  const found = [];
  const start = performance.now();
  for (let from = 0; from < count && found.length < mostFailures; )
    from = await runPart(name, from, count, total, found);
  const failures = found.filter(({ index, isMeasured }) => !isMeasured || failsAlone(name, index));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const memory = (total.memory / 2 ** 20).toFixed(0);
  console.log(
    `| ${name} | ${count} | ${total.read} | ${total.refused} | ${failures.length} | ${total.slowest.toFixed(0)} | ${memory} | ${seconds} |`,
  );
  for (const { index, reason } of failures.slice(0, 5))
    console.log(`  --seed ${seed} --index ${index} "${name}": ${reason}`);
  return failures;
}

/** Whether one input takes too much time or memory in a process of its own, where no other input can be the reason. */
function failsAlone(name, index) {
  return spawnSync(process.execPath, [...flags(), "--index", index, "--seed", seed, name].map(String)).status !== 0;
}

/** Runs inputs in one process, until all are done or one fails. Returns the index to go on with. */
async function runPart(name, from, count, total, failures) {
  const child = spawn(
    process.execPath,
    [...flags(), "--child", "--from", from, "--count", count, "--seed", seed, name].map(String),
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  child.stderr.on("data", (data) => {
    said = (said + data).slice(-2000);
  });
  let index = from;
  let reason;
  let timer;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      reason = `takes more than ${patience / 1000} s`;
      child.kill("SIGKILL");
    }, patience);
  };
  watch();
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("{")) continue;
    watch();
    const done = JSON.parse(line);
    if (done.begins !== undefined) index = done.begins;
    else {
      total.read += done.read;
      total.refused += done.refused;
      total.slowest = Math.max(total.slowest, done.slowest);
      total.memory = Math.max(total.memory, done.memory);
      for (const failure of done.failures) failures.push(failure);
      index = done.next;
    }
  }
  clearTimeout(timer);
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  if (child.exitCode === 0) return index;
  failures.push({
    index,
    reason: reason ?? `the process ended with ${child.exitCode ?? child.signalCode}: ${said.slice(-300).trim()}`,
  });
  return index + 1;
}

function flags() {
  // The space for young objects is small, so that the peak of memory has little garbage in it.
  return ["--max-semi-space-size=8", "--max-old-space-size=2048", "--expose-gc", fileURLToPath(import.meta.url)];
}

/** Writes a line to stdout at once, even if the reader is slow and the pipe full. */
function report(value) {
  const line = Buffer.from(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < line.length; ) {
    try {
      at += writeSync(1, line, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** Reports to stdout the index of each input before it is read, and the results after each hundred. */
async function runChild(name, from, count) {
  const reader = await readerOf(name);
  let part = emptyPart();
  for (let index = from; index < count; index++) {
    report({ begins: index });
    const result = await attempt(reader, index);
    part.read += Number(result.isRead);
    part.refused += Number(!result.isRead);
    part.slowest = Math.max(part.slowest, result.time);
    part.memory = Math.max(part.memory, result.memory);
    if (result.reason) part.failures.push({ index, reason: result.reason, isMeasured: result.isMeasured });
    if (index % 100 === 99 || index === count - 1) {
      report({ ...part, next: index + 1 });
      part = emptyPart();
    }
  }
}

function emptyPart() {
  return { read: 0, refused: 0, slowest: 0, memory: 0, failures: [] };
}

async function readerOf(name) {
  const found = readers.find((reader) => reader.name === name);
  if (!found) throw new Error(`no reader ${name}; there are ${readers.map((reader) => reader.name).join(", ")}`);
  const ready = await found.open();
  // The first call loads libraries and compiles: its time and memory are not those of an input.
  await ready.read(ready.make(generator(hash(name)))).catch(() => {});
  return { name, ...ready };
}

/** Reads one input, and measures time and memory. */
async function attempt(reader, index) {
  const input = reader.make(generator(hash(reader.name, seed, index)));
  const before = process.resourceUsage().maxRSS * 1024;
  const start = performance.now();
  let result;
  let reason;
  try {
    result = await reader.read(input);
  } catch (error) {
    if (error?.constructor?.name !== "MokaError") reason = `throws ${error?.stack ?? error}`;
  }
  const time = performance.now() - start;
  const memory = process.resourceUsage().maxRSS * 1024 - before;
  const honest = sizeOf(input) + sizeOf(result);
  const isMeasured = reason === undefined;
  if (time > slowest) reason ??= `takes ${time.toFixed(0)} ms`;
  if (memory > floor + 10 * honest)
    reason ??= `takes ${(memory / 2 ** 20).toFixed(0)} MiB, where input and result have ${honest} bytes`;
  if (memory > floor / 2) globalThis.gc();
  return { isRead: result !== undefined, time, memory, reason, isMeasured };
}

/** The approximate size of a value in bytes. */
function sizeOf(value, seen = new Set()) {
  if (typeof value === "string") return 2 * value.length;
  if (typeof value !== "object" || value === null || seen.has(value)) return 8;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return value.byteLength;
  let size = 64;
  for (const each of value instanceof Map ? value.values() : Object.values(value)) size += sizeOf(each, seen);
  return size;
}

async function runOne(name, index) {
  const reader = await readerOf(name);
  const input = reader.make(generator(hash(name, seed, index)));
  if (values.save)
    writeFileSync(
      values.save,
      input instanceof Uint8Array || typeof input === "string" ? input : JSON.stringify(input),
    );
  const { isRead, time, memory, reason } = await attempt(reader, index);
  console.log(
    `${reason ?? (isRead ? "is read" : "is refused")}; ${time.toFixed(0)} ms, ${(memory / 2 ** 20).toFixed(0)} MiB`,
  );
  if (!reason && !isRead) await reader.read(input).catch((error) => console.log(error.message));
  process.exitCode = reason ? 1 : 0;
}
