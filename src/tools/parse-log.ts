import { check } from "../util/errors.js";

/** One line of a table: the values of a net's outputs at an iteration. */
export interface LogRow {
  readonly iteration: number;
  /** Seconds since training began. */
  readonly seconds: number;
  /** The last rate printed before this line; NaN if there was none. */
  readonly learningRate: number;
  /** Values by the outputs' names; for outputs with the same name the last value, as in Caffe's parse_log.py. */
  readonly outputs: Readonly<Record<string, number>>;
}

/** The values in a training log. */
export interface TrainingLog {
  readonly train: readonly LogRow[];
  readonly test: readonly LogRow[];
  /** The loss of each iteration that was displayed, smoothed over `average_loss` iterations. */
  readonly loss: readonly { readonly iteration: number; readonly seconds: number; readonly value: number }[];
  /** Names of the outputs that are losses: those printed with their weight. */
  readonly losses: ReadonlySet<string>;
}

const number = String.raw`[-+]?(?:nan|inf|[\d.]+(?:[eE][-+]?\d+)?)`;
const iterationPattern = /Iteration (\d+)/;
const lossPattern = new RegExp(String.raw`Iteration \d+\b.*\bloss = (${number})`);
const ratePattern = new RegExp(String.raw`\blr = (${number})`);
const outputPattern = new RegExp(String.raw`(Train|Test) net output #(\d+): (\S+) = (${number})(.*)`);
const stampPattern = /(?:^|\s)[IWEF](\d{4})?(\d\d)(\d\d)\s+(\d+):(\d\d):(\d\d)\.(\d{1,6})/;

/**
 * Reads a training log as Caffe's `parse_log.py` does: from BVLC Caffe of any year, from forks that print the same
 * lines with additions (NVIDIA's, Intel's), and from Moka.
 *
 * Seconds count from the first line with "Solving"; in a log without that line, from the first line with a time. A
 * first row that was printed before any rate gets the rate of the second. Differences from parse_log.py: values `nan`
 * and `inf` and dates with a year (newer glog) are read, a table of one row is kept, a known rate is not replaced, and
 * a row with fewer outputs than the others does not change later rows.
 *
 * @param log the text, or its lines
 * @param options.name the log's name, for errors
 * @param options.year the year of the first date, if the log does not give it
 * @throws MokaError MOKA_DATA if no line with a time says "Iteration" and a number
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
  let iteration: number | undefined;
  let rate = Number.NaN;
  let found = false;

  for (const line of typeof log === "string" ? log.split("\n") : log) {
    const seconds = clock.at(line);
    const iterationText = iterationPattern.exec(line)?.[1];
    if (iterationText !== undefined) iteration = Number(iterationText);
    if (iteration === undefined || seconds === undefined) continue;
    found = true;

    const rateText = ratePattern.exec(line)?.[1];
    if (rateText !== undefined) rate = toNumber(rateText);
    const lossText = lossPattern.exec(line)?.[1];
    if (lossText !== undefined) loss.push({ iteration, seconds, value: toNumber(lossText) });
    const [, net, index, output = "", value = "", rest = ""] = outputPattern.exec(line) ?? [];
    if (net === undefined) continue;
    if (/^ \(\* .* loss\)/.test(rest)) losses.add(output);
    const row = (net === "Train" ? train : test).rowFor(Number(index), iteration, seconds, rate);
    row.outputs[output] = toNumber(value);
  }
  check(found, "MOKA_DATA", `${name} is no training log: no line with a time says "Iteration" and a number`);
  return { train: train.finish(), test: test.finish(), loss, losses };
}

/**
 * The lines of a log, decoded piece by piece, because a log may be longer than the longest string.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 *
 * const log = parseLog(linesOf(await readFile("train.log")));
 * console.log(log.test.length); // 2
 * ```
 */
export function* linesOf(bytes: Uint8Array, pieceSize = 1 << 20): Generator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for (let start = 0; start < bytes.length; start += pieceSize) {
    const lines = (rest + decoder.decode(bytes.subarray(start, start + pieceSize), { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  yield rest + decoder.decode();
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

/** Seconds since the start, from the times at the beginning of the lines. */
class Clock {
  #year: number;
  #start: number | undefined;
  #solving = false;
  #lastMonth = 0;

  constructor(year: number) {
    this.#year = year;
  }

  /** Undefined for a line without a time, as a later line of a message. */
  at(line: string): number | undefined {
    const found = stampPattern.exec(line);
    if (!found) return undefined;
    const [year = 0, month = 1, day, hours, minutes, seconds] = found.slice(1, 7).map(Number);
    const micros = Number((found[7] ?? "").padEnd(6, "0"));
    if (found[1] !== undefined) this.#year = year;
    else if (month < this.#lastMonth) this.#year += 1;
    this.#lastMonth = month;
    const now = Date.UTC(this.#year, month - 1, day, hours, minutes, seconds) * 1000 + micros;
    const begins = !this.#solving && line.includes("Solving");
    this.#solving ||= begins;
    if (begins || this.#start === undefined) this.#start = now;
    return (now - this.#start) / 1e6;
  }
}

interface OpenRow extends LogRow {
  learningRate: number;
  outputs: Record<string, number>;
}

/** Rows. A new row starts with a new iteration, or with an output whose index is not above the last one. */
class Table {
  readonly #rows: OpenRow[] = [];
  #lastIndex = -1;

  rowFor(index: number, iteration: number, seconds: number, learningRate: number): OpenRow {
    const last = this.#rows.at(-1);
    const isSameRow = last?.iteration === iteration && index > this.#lastIndex;
    this.#lastIndex = index;
    if (isSameRow) return last;
    const row = { iteration, seconds, learningRate, outputs: {} };
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
  if (/nan/.test(text)) return Number.NaN;
  if (/inf/.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
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
