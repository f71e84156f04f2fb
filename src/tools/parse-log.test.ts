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
