import { describe, expect, test } from "vitest";
import { netFromText } from "../../test/nets.js";
import { Solver } from "../index.js";
import type { Log } from "../util/log.js";

const input = (name: string, dim: number) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { dim: 1 dim: ${dim} } } }\n`;
const fc =
  'layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" param { name: "w" } param { lr_mult: 0 } ' +
  "inner_product_param { num_output: 1 } }\n";
const leaky = 'layer { name: "relu" type: "ReLU" bottom: "y" top: "y" relu_param { negative_slope: 2 } }\n';
const loss = 'layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }\n';

/** A log that keeps what `debug_info` adds to it. */
function debugLog(): { lines: string[]; log: Log } {
  const lines: string[] = [];
  const log: Log = (severity, origin, message) => {
    if (/^ {4}\[/.test(message)) lines.push(`${severity} ${origin}]${message}`);
  };
  return { lines, log };
}

/** y = 2·1 + 1·(−3) + 0.5 = −0.5, which becomes −1; with t = 1 the loss is 2. */
async function runNet(header: string, act: (net: Awaited<ReturnType<typeof netFromText>>) => Promise<void>) {
  const { lines, log } = debugLog();
  const net = await netFromText(header + input("x", 2) + input("t", 1) + fc + leaky + loss, { log });
  net.params.get("fc")?.[0]?.data.set([2, 1]);
  net.params.get("fc")?.[1]?.data.set([0.5]);
  await act(net);
  await net.dispose();
  return lines;
}

const forward = [
  "info net.cpp:593]    [Forward] Layer x, top blob x data: 2",
  "info net.cpp:593]    [Forward] Layer t, top blob t data: 1",
  "info net.cpp:593]    [Forward] Layer fc, top blob y data: 0.5",
  "info net.cpp:605]    [Forward] Layer fc, param blob w data: 1.5",
  "info net.cpp:605]    [Forward] Layer fc, param blob 1 data: 0.5",
  "info net.cpp:593]    [Forward] Layer relu, top blob y data: 1",
  "info net.cpp:593]    [Forward] Layer loss, top blob loss data: 2",
];

describe("debug_info of a net", () => {
  test("logs what Caffe logs: blobs as each layer left them, then the gradients that were wanted", async () => {
    const lines = await runNet("debug_info: true ", async (net) => {
      await net.forward({ x: [1, -3], t: [1] });
      net.clearParamDiffs();
      await net.backward();
    });
    expect(lines).toEqual([
      ...forward,
      "info net.cpp:621]    [Backward] Layer loss, bottom blob y diff: 2",
      "info net.cpp:621]    [Backward] Layer relu, bottom blob y diff: 4",
      "info net.cpp:632]    [Backward] Layer fc, param blob 0 diff: 8",
      "error net.cpp:721]    [Backward] All net params (data, diff): L1 norm = (3.5, 16); L2 norm = (2.29129, 12.6491)",
    ]);
  });

  test("tells of the layers that run, and of norms only after a whole backward", async () => {
    const lines = await runNet("debug_info: true ", async (net) => {
      await net.forward({ x: [1, -3], t: [1] });
      await net.forward({}, { from: "relu", to: "relu" });
      await net.backward({ from: "loss", to: "relu" });
    });
    expect(lines).toEqual([
      ...forward,
      "info net.cpp:593]    [Forward] Layer relu, top blob y data: 2",
      "info net.cpp:621]    [Backward] Layer loss, bottom blob y diff: 2",
      "info net.cpp:621]    [Backward] Layer relu, bottom blob y diff: 4",
    ]);
  });

  test("changes nothing else, and is off by default", async () => {
    const losses: (number | undefined)[] = [];
    const run = async (net: Awaited<ReturnType<typeof netFromText>>) => {
      losses.push((await net.forward({ x: [1, -3], t: [1] })).loss[0]);
      net.clearParamDiffs();
      await net.backward();
      losses.push(...(net.params.get("fc")?.[0]?.diff ?? []));
    };
    expect(await runNet("", run)).toEqual([]);
    await runNet("debug_info: true ", run);
    expect(losses).toEqual([2, -4, 12, 2, -4, 12]);
  });

  test("goes on behind a layer whose shapes change on the way", async () => {
    const { lines, log } = debugLog();
    const dummy = 'layer { name: "d" type: "DummyData" top: "d" dummy_data_param { shape { dim: 2 } } }\n';
    const live = 'layer { name: "f" type: "Filter" bottom: "d" bottom: "s" top: "f" }\n';
    const select = 'layer { name: "s" type: "Input" top: "s" input_param { shape { dim: 2 dim: 1 } } }\n';
    const text = `debug_info: true ${dummy}${select}${live}layer { name: "a" type: "AbsVal" bottom: "f" top: "a" }`;
    const net = await netFromText(text, { phase: "TEST", log });
    await net.forward({ s: [0, 1] });
    expect(lines.map((line) => /Layer (\w+), top blob (\w+)/.exec(line)?.slice(1).join(" "))).toEqual([
      "d d",
      "s s",
      "f f",
      "a a",
    ]);
    await net.dispose();
  });
});

test("debug_info of a solver is for the iterations it displays, and for all tests", async () => {
  const { lines, log } = debugLog();
  /** How many lines there are of each kind since it was last asked. */
  const counts = () => {
    const taken = lines.splice(0);
    return ["[Forward] Layer", "[Backward] Layer", "[Backward] All"].map(
      (kind) => taken.filter((line) => line.includes(kind)).length,
    );
  };
  const fields = 'debug_info: true base_lr: 0.1 lr_policy: "fixed" max_iter: 3 snapshot_after_train: false';
  const text = `net_param { ${input("x", 2)}${input("t", 1)}${fc}${loss} }\n${fields} display: 2 test_iter: 1`;
  const solver = await Solver.load(`${text} test_interval: 100`, { log });
  await solver.test();
  expect(counts()).toEqual([6, 0, 0]);
  const seen: number[][] = [];
  solver.on("iteration", () => void seen.push(counts()));
  solver.on("test", () => void seen.push(counts()));
  await solver.solve();
  // A test, then iterations 0, which is displayed, 1 and 2.
  expect(seen).toEqual([
    [6, 0, 0],
    [6, 2, 1],
    [0, 0, 0],
    [6, 2, 1],
  ]);
  await solver.dispose();
});
