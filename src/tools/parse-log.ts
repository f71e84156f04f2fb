import { check } from "../util/errors.js";
import { type ByteSource, bytesSource } from "../util/files.js";

/** One line of a table: the values of a net's outputs at an iteration. */
export interface LogRow {
  /** The number of updates before. */
  readonly iteration: number;
  /** Seconds since training began. */
  readonly seconds: number;
  /** The rate of this iteration, or, if the log does not say it, the last one before; NaN if there is none. */
  readonly learningRate: number;
  /** Values by the outputs' names; for outputs with the same name the last value, as in Caffe's parse_log.py. */
  readonly outputs: Readonly<Record<string, number>>;
}

/** The values in a training log. */
export interface TrainingLog {
  /** The outputs of the trained net. */
  readonly train: readonly LogRow[];
  /** The outputs of the test nets. */
  readonly test: readonly LogRow[];
  /** The loss of each iteration that was displayed, smoothed over `average_loss` iterations. */
  readonly loss: readonly { readonly iteration: number; readonly seconds: number; readonly value: number }[];
  /** Names of the outputs that are losses: those printed with their weight. */
  readonly losses: ReadonlySet<string>;
}

/** The beginning of a message of glog, anywhere in a line: another process may have left a line without its end. */
const stampPattern = /[IWEF](\d{4})?(\d\d)(\d\d)\s{1,4}(\d{1,2}):(\d\d):(\d\d)\.(\d{1,6})(?:\s{1,16}(\d{1,20}))?/g;
/** Also as old C++ on Windows prints them: `1.#QNAN`, `-1.#IND`, `1.#INF`. */
const number = String.raw`[-+]?(?:nan|inf|1\.#[A-Z]+|[\d.]+(?:[eE][-+]?\d+)?)`;
// No pattern searches behind a repetition: each takes a time in proportion to the length of the message.
const iterationPattern = /Iteration (\d+)/;
const lossPattern = new RegExp(String.raw`\bloss = (${number})`);
const ratePattern = new RegExp(String.raw`\blr = (${number})`);
const outputPattern = new RegExp(
  String.raw`(Train|Test) net output #(\d+): (\S+) = (${number})( \(\* \S+ = \S+ loss\))?`,
);

/**
 * Reads a training log as Caffe's `parse_log.py` does: from BVLC Caffe of any year, from forks that print the same
 * lines with additions (NVIDIA's, Intel's), and from Moka.
 *
 * Seconds count from the first message with "Solving"; in a log without one, from the first time. Differences from
 * parse_log.py: a row has the rate of its own iteration, which is printed after it, else the last one before; values
 * `nan` and `inf` and dates with a year (newer glog) are read; messages are found behind other output in their line; those of
 * several processes or threads in one log are kept apart; a table of one row is kept; a row with fewer outputs than the
 * others does not change later rows. A first row that was printed before any rate gets the rate of the second, as there.
 *
 * @param log the text, or its lines
 * @param options `name`: the log's name, for errors; `year`: that of the first date, if the log does not give it
 * @throws MokaError MOKA_DATA if no message says "Iteration" and a number
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 *
 * const { train, test } = parseLog(await readFile("train.log", "utf8"));
 * for (const { iteration, seconds, outputs } of test) console.log(iteration, seconds, outputs.accuracy);
 * ```
 */
export function parseLog(
  log: string | Iterable<string>,
  { name = "the log", year = 2000 }: { readonly name?: string; readonly year?: number } = {},
): TrainingLog {
  const clock = new Clock(year);
  const train = new Table();
  const test = new Table();
  const loss: { iteration: number; seconds: number; value: number }[] = [];
  const losses = new Set<string>();
  const threads = new Map<string, Thread>();
  let found = false;

  for (const { thread: id, seconds, text } of messagesOf(log, clock)) {
    const thread = threads.get(id) ?? { iteration: undefined, rate: Number.NaN, open: new Map() };
    threads.set(id, thread);
    const start = iterationPattern.exec(text);
    if (start && Number(start[1]) !== thread.iteration) {
      thread.iteration = Number(start[1]);
      thread.open.clear();
    }
    const { iteration } = thread;
    if (iteration === undefined) continue;
    found = true;

    const rate = ratePattern.exec(text)?.[1];
    if (rate !== undefined) {
      thread.rate = toNumber(rate);
      for (const { rows } of thread.open.values()) for (const row of rows) row.learningRate = thread.rate;
    }
    const value = start && lossPattern.exec(text.slice(start.index))?.[1];
    if (value) loss.push({ iteration, seconds, value: toNumber(value) });
    const [, net, index, output = "", result = "", asLoss] = outputPattern.exec(text) ?? [];
    if (net === undefined) continue;
    if (asLoss !== undefined) losses.add(output);
    const table = net === "Train" ? train : test;
    table.rowFor(thread, Number(index), { iteration, seconds }).outputs[output] = toNumber(result);
  }
  check(found, "MOKA_DATA", `${name} is no training log: no line with a time says "Iteration" and a number`);
  return { train: train.finish(), test: test.finish(), loss, losses };
}

/** The greatest length of a line; a longer one is cut. */
const longestLine = 1 << 20;

/**
 * The lines of a log, decoded piece by piece: the memory does not grow with the log. A line of more than a million
 * characters is given in several pieces.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 *
 * const log = parseLog(linesOf(await readFile("train.log")));
 * console.log(log.test.length); // 2
 * ```
 */
export function* linesOf(log: Uint8Array | ByteSource, pieceSize = 1 << 16): Generator<string> {
  const source = log instanceof Uint8Array ? bytesSource(log) : log;
  const decoder = new TextDecoder();
  let rest = "";
  for (let start = 0; start < source.size; start += pieceSize) {
    const lines = (rest + decoder.decode(source.read(start, pieceSize), { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
    if (rest.length < longestLine) continue;
    yield rest;
    rest = "";
  }
  yield rest + decoder.decode();
}

/** What glog wrote at once: its text up to the end of the line, or up to the next message in the same line. */
interface Message {
  /** The number of the process or thread. */
  readonly thread: string;
  readonly seconds: number;
  readonly text: string;
}

function* messagesOf(log: string | Iterable<string>, clock: Clock): Generator<Message> {
  for (const line of typeof log === "string" ? log.split("\n") : log) {
    const stamps = [...line.matchAll(stampPattern)];
    for (const [i, stamp] of stamps.entries()) {
      const text = line.slice(stamp.index + stamp[0].length, stamps[i + 1]?.index);
      yield { thread: stamp[8] ?? "", seconds: clock.at(stamp, text), text };
    }
  }
}

/**
 * A table as `parse_log.py` writes it: `NumIters,Seconds,LearningRate` and the outputs, numbers as Python prints
 * them (`100.0`, `1e-05`, `nan`), lines ended by CR and LF. The result is "" for a table without rows.
 *
 * @example
 * ```ts
 * import { readFile, writeFile } from "node:fs/promises";
 *
 * const { test } = parseLog(await readFile("train.log", "utf8"));
 * await writeFile("train.log.test", formatLogTable(test));
 * ```
 */
export function formatLogTable(rows: readonly LogRow[], delimiter = ","): string {
  if (rows.length === 0) return "";
  const names = [...new Set(rows.flatMap(({ outputs }) => Object.keys(outputs)))];
  const quote = (text: string) =>
    /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
  const table = rows.map(({ iteration, seconds, learningRate, outputs }) =>
    [iteration, seconds, learningRate, ...names.map((name) => outputs[name])].map(pythonNumber),
  );
  const header = ["NumIters", "Seconds", "LearningRate", ...names];
  return [header, ...table].map((cells) => `${cells.map(quote).join(delimiter)}\r\n`).join("");
}

/** Seconds since the start, from the times of messages. */
class Clock {
  #year: number;
  #start: number | undefined;
  #solving = false;
  #lastMonth = 0;

  constructor(year: number) {
    this.#year = year;
  }

  at(stamp: RegExpExecArray, text: string): number {
    const [year = 0, month = 1, day, hours, minutes, seconds] = stamp.slice(1, 7).map(Number);
    const micros = Number((stamp[7] ?? "").padEnd(6, "0"));
    if (stamp[1] !== undefined) this.#year = year;
    else if (month < this.#lastMonth) this.#year += 1;
    this.#lastMonth = month;
    const now = Date.UTC(this.#year, month - 1, day, hours, minutes, seconds) * 1000 + micros;
    const begins = !this.#solving && text.includes("Solving");
    this.#solving ||= begins;
    if (begins || this.#start === undefined) this.#start = now;
    return (now - this.#start) / 1e6;
  }
}

interface OpenRow extends LogRow {
  learningRate: number;
  outputs: Record<string, number>;
}

/** Where the messages of one process or thread stand. */
interface Thread {
  iteration: number | undefined;
  /** The last rate it printed. */
  rate: number;
  /** The rows of this iteration in each table, and the index of the last output there. */
  readonly open: Map<Table, { readonly rows: OpenRow[]; index: number }>;
}

/** Rows. A new row starts with a new iteration, or with an output whose index is not above the last one. */
class Table {
  readonly #rows: OpenRow[] = [];

  rowFor(thread: Thread, index: number, at: Pick<LogRow, "iteration" | "seconds">): OpenRow {
    const open = thread.open.get(this) ?? { rows: [], index };
    thread.open.set(this, open);
    const last = open.rows.at(-1);
    const isSameRow = index > open.index;
    open.index = index;
    if (last && isSameRow) return last;
    const row: OpenRow = { ...at, learningRate: thread.rate, outputs: {} };
    open.rows.push(row);
    this.#rows.push(row);
    return row;
  }

  finish(): readonly LogRow[] {
    const [first, second] = this.#rows;
    if (first && second && Number.isNaN(first.learningRate)) first.learningRate = second.learningRate;
    return this.#rows;
  }
}

/** Reads a number as C++ and Python print it. */
function toNumber(text: string): number {
  if (/nan|ind/i.test(text)) return Number.NaN;
  if (/inf/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return Number(text);
}

/** Python's `repr` of a float: the fewest digits that identify the number, always with a point or an exponent. */
function pythonNumber(value: number | undefined): string {
  if (value === undefined) return "";
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const [mantissa = "", power = "0"] = value.toExponential().split("e");
  const exponent = Number(power);
  if (value !== 0 && (exponent < -4 || exponent >= 16)) {
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const text = Object.is(value, -0) ? "-0" : `${value}`;
  return text.includes(".") ? text : `${text}.0`;
}
