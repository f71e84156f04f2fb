import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { formatLogTable, linesOf, parseLog } from "./parse-log.js";

const golden = fileURLToPath(new URL("../../test/golden/train/", import.meta.url));

/** Lines as the forks print them, with dates that pass a new year. */
const forks = `I1231 23:59:58.500000   162 solver.cpp:289] Solving LeNet
I1231 23:59:58.750000   162 solver.cpp:341] Iteration 0, Testing net (#0)
I1231 23:59:59.000000   162 solver.cpp:409]     Test net output #0: accuracy = 0.1
I1231 23:59:59.000001   162 solver.cpp:409]     Test net output #1: loss = 2.5 (* 1 = 2.5 loss)
I1231 23:59:59.250000   162 solver.cpp:237] Iteration 0, loss = 2.75
I1231 23:59:59.250000   162 solver.cpp:253]     Train net output #0: loss = 2.75 (* 1 = 2.75 loss)
I1231 23:59:59.250000   162 sgd_solver.cpp:106] Iteration 0, lr = 0.00001
I0101 00:00:08.500000   162 solver.cpp:237] Iteration 100 (12.3 iter/s, 8.1s/100 iters), loss = nan
I0101 00:00:08.500000   162 solver.cpp:253]     Train net output #0: loss = -nan (* 1 = -nan loss)
I0101 00:00:08.500000   162 sgd_solver.cpp:106] Iteration 100, lr = 0.00001, m = 0.9, wd = 0.0005, gs = 1
I0101 00:00:18.500000   162 solver.cpp:341] [0] Iteration 200, Testing net (#0)
I0101 00:00:18.500000   162 solver.cpp:409] [0]     Test net output #0: accuracy = 0.5
I0101 00:00:18.500000   162 solver.cpp:409] [0]     Test net output #1: loss = 1e-07 (* 1 = 1e-07 loss)
I0101 00:00:18.500000   162 solver.cpp:237] Iteration 200 (10 iter/s, 10s/100 iters), 2.1/30ep, loss = 0.5
I0101 00:00:18.500000   162 solver.cpp:253]     Train net output #0: loss = 0.5 (* 1 = 0.5 loss)`;

test("writes the table that Caffe's parse_log.py writes", () => {
  const log = parseLog(linesOf(readFileSync(`${golden}mlp_adadelta/caffe.log`)));
  expect(formatLogTable(log.test)).toBe(
    "NumIters,Seconds,LearningRate,accuracy,loss\r\n" +
      "0.0,0.000274,1.0,0.253333,58.926\r\n" +
      "10.0,0.001137,1.0,0.706667,0.861161\r\n" +
      "20.0,0.00192,1.0,0.966667,0.4615\r\n",
  );
  expect(formatLogTable(log.train).split("\r\n").slice(0, 3)).toEqual([
    "NumIters,Seconds,LearningRate,loss",
    "0.0,0.000357,1.0,1.79066",
    "1.0,0.00044,1.0,1.66711",
  ]);
});

test.each(readdirSync(golden))("reads all that the log of %s says", (name) => {
  const text = readFileSync(`${golden}${name}/caffe.log`, "utf8");
  const log = parseLog(text);
  const counted = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  expect(log.train.length).toBe(counted(/Train net output #0/g));
  expect(log.test.length).toBe(counted(/Test net output #0/g));
  expect(log.loss.length).toBe(counted(/Iteration \d+.*, loss = /g));
  expect(log.train.length).toBeGreaterThan(0);
  expect(log.losses).toEqual(new Set(["loss"]));
});

test("reads logs of the forks, of the form without speed, with nan, over a new year", () => {
  const { train, test: tests, loss } = parseLog(forks);
  expect(
    train.map(({ iteration, seconds, learningRate, outputs }) => [iteration, seconds, learningRate, outputs.loss]),
  ).toEqual([
    [0, 0.75, 1e-5, 2.75],
    [100, 10, 1e-5, Number.NaN],
    [200, 20, 1e-5, 0.5],
  ]);
  expect(loss.map(({ value }) => value)).toEqual([2.75, Number.NaN, 0.5]);
  expect(formatLogTable(tests, ";")).toBe(
    "NumIters;Seconds;LearningRate;accuracy;loss\r\n0.0;0.5;1e-05;0.1;2.5\r\n200.0;20.0;1e-05;0.5;1e-07\r\n",
  );
});

test("rows of a second test net follow those of the first", () => {
  const line = (text: string) => `I0101 00:00:00.000000 1 solver.cpp:1] ${text}\n`;
  const nets = [0, 1].map(
    (net) =>
      line(`Iteration 0, Testing net (#${net})`) +
      line(`    Test net output #0: accuracy = 0.${net + 1}`) +
      line("    Test net output #1: loss = 1 (* 1 = 1 loss)"),
  );
  expect(parseLog(nets.join("")).test.map(({ outputs }) => outputs.accuracy)).toEqual([0.1, 0.2]);
});

test("one row alone has no rate", () => {
  const { test: rows } = parseLog(forks.split("\n").slice(0, 4));
  expect(formatLogTable(rows)).toBe("NumIters,Seconds,LearningRate,accuracy,loss\r\n0.0,0.5,nan,0.1,2.5\r\n");
});

test("a log in pieces is the log whole", () => {
  const bytes = new TextEncoder().encode(forks.replaceAll("accuracy", "précision"));
  for (const size of [1, 7, 100]) expect([...linesOf(bytes, size)]).toEqual([...linesOf(bytes)]);
});

test("a text that is no log is refused", () => {
  expect(() => parseLog("layer { }", { name: "net.prototxt" })).toThrow(
    expect.objectContaining({ code: "MOKA_DATA", message: expect.stringContaining("net.prototxt is no training log") }),
  );
});

/** A message of glog. */
const say = (text: string, { thread = 1, second = 0, date = "0101" } = {}) =>
  `I${date} 00:00:${String(second).padStart(2, "0")}.000000 ${thread} solver.cpp:1] ${text}`;

test("finds messages behind what another process left in their line", () => {
  const log = parseLog(readFileSync(new URL("../../test/cases/log-lines/b.log", import.meta.url), "utf8"));
  expect(log.train.map(({ iteration, outputs }) => [iteration, outputs.loss])).toEqual([
    [0, 824.912],
    [10, 5.4],
  ]);
  expect(log.loss.map(({ value }) => value)).toEqual([824.912, 5.5]);
  const [first = "", second = ""] = [say("Iteration 7, loss = 0.5"), say("    Train net output #0: loss = 0.25")];
  for (const between of ["", "speed: 0.3s / iter", "Iteration 9 of something"]) {
    const rows = parseLog(first + between + second).train;
    expect(rows).toMatchObject([{ iteration: 7, outputs: { loss: 0.25 } }]);
  }
});

test("a row has the rate of its own iteration, which is printed after it", () => {
  const iteration = (n: number, rate: string) => [
    say(`Iteration ${n}, Testing net (#0)`),
    say("    Test net output #0: accuracy = 0.5"),
    say(`Iteration ${n}, Testing net (#1)`),
    say("    Test net output #0: accuracy = 0.5"),
    say(`Iteration ${n} (1 iter/s, 1s/1 iters), loss = 1`),
    say("    Train net output #0: loss = 1 (* 1 = 1 loss)"),
    say(`Iteration ${n}, lr = ${rate}`),
  ];
  const log = parseLog([...iteration(0, "0.1"), ...iteration(100, "0.01"), ...iteration(200, "0.001").slice(0, -1)]);
  expect(log.train.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.01, 0.01]);
  expect(log.test.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.1, 0.01, 0.01, 0.01, 0.01]);
});

test("a resumed run in the same log does not change the rows before it", () => {
  const run = (rate: string) => [
    say("Iteration 5, loss = 1"),
    say("    Train net output #0: loss = 1"),
    say(`Iteration 5, lr = ${rate}`),
  ];
  expect(parseLog([...run("0.1"), say("Iteration 6, loss = 1"), ...run("0.2")]).train).toMatchObject([
    { iteration: 5, learningRate: 0.1 },
    { iteration: 5, learningRate: 0.2 },
  ]);
});

test("keeps apart two processes that write into one log", () => {
  const run = (thread: number) =>
    [1, 2].flatMap((n) => [
      say(`Iteration ${n * thread}, loss = ${thread}`, { thread }),
      say(`    Train net output #0: loss = ${n}.${thread}`, { thread }),
      say(`    Train net output #1: accuracy = 0.${thread}`, { thread }),
      say(`Iteration ${n * thread}, lr = 0.${thread}`, { thread }),
    ]);
  const [a, b] = [run(3), run(7)];
  const woven = a.flatMap((line, i) => [line, b[i] ?? ""]);
  const rows = (log: readonly string[]) => parseLog(log).train.map((row) => JSON.stringify(row));
  expect(rows(woven).sort()).toEqual([...rows(a), ...rows(b)].sort());
});

test("reads the dates of today's glog, line ends of Windows, and values of old C++ on Windows", () => {
  const values = ["1.#QNAN", "-1.#IND", "1.#INF", "-1.#INF", "-nan(ind)", "-nan", "-inf", "1e-05"];
  const lines = values.flatMap((value, i) => [
    say(`Iteration ${i}, loss = ${value}`, { date: "20261231", second: 2 * i }),
    say(`    Train net output #0: loss = ${value} (* 1 = ${value} loss)`, { date: "20261231", second: 2 * i }),
  ]);
  const { train, loss, losses } = parseLog(lines.join("\r\n"));
  const expected = [Number.NaN, Number.NaN, Infinity, -Infinity, Number.NaN, Number.NaN, -Infinity, 1e-5];
  expect(train.map(({ outputs }) => outputs.loss)).toEqual(expected);
  expect(loss.map(({ value }) => value)).toEqual(expected);
  expect(train.map(({ seconds }) => seconds)).toEqual(values.map((_, i) => 2 * i));
  expect([...losses]).toEqual(["loss"]);
});

test.each([
  "Iteration 1",
  "Iteration 1 ",
  "Iteration ",
  "1",
  " ",
  "loss = ",
  "loss = 1",
  "lr = ",
  "Train net output #",
  "Train net output #1: ",
  "Train net output #1: a = ",
  "Train net output #1: a = 1 (* ",
  "a",
  "I0101 ",
  "I0101 00:00:00.0 1 ",
  "I01010101",
  " = ",
  "(* 1 = ",
])("takes a time in proportion to a line, of %j again and again", (piece) => {
  // If the time grew with the square of the length, this would take hours.
  const begin = say("Iteration 0, loss = 1\n") + say("");
  for (const head of ["", "Iteration 1", "Train net output #0: ", "Train net output #0: x = 1 (* 1"]) {
    const { loss } = parseLog(begin + head + piece.repeat(1_000_000 / piece.length));
    expect(loss[0]?.value).toBe(1);
  }
});

test("the lines of a log do not depend on the pieces that they are read in, nor on their length", () => {
  const bytes = new TextEncoder().encode("a\nü€𝄞\r\n\nlast");
  for (let size = 1; size < bytes.length; size++) {
    expect([...linesOf(bytes, size)]).toEqual(["a", "ü€𝄞\r", "", "last"]);
  }
  const lines = [...linesOf(new Uint8Array(5 << 20).fill(97))];
  expect(lines.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1, 0].map((size) => size << 20));
});
