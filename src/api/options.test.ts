import { MessageChannel } from "node:worker_threads";
import { expect, test } from "vitest";
import {
  Classifier,
  calibrate,
  Detector,
  doctor,
  drawNet,
  fix,
  fold,
  lint,
  Net,
  parseNet,
  Solver,
  stats,
  summarize,
} from "../index.js";
import { connect } from "./remote/connect.js";
import { serve } from "./remote/host.js";

const text = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } }';
const solver = `net_param { ${text} } base_lr: 0.1 lr_policy: "fixed" max_iter: 1`;
/** Each function with options, called with what stands in their place. */
const calls: readonly [string, (options: never) => Promise<unknown>][] = [
  ["Net.load(", (options) => Net.load(text, options)],
  ["Solver.load(", (options) => Solver.load(solver, options)],
  ["Classifier.load(", (options) => Classifier.load(text, "a.caffemodel", options)],
  ["Detector.load(", (options) => Detector.load(text, "a.caffemodel", options)],
  ["calibrate(", (options) => calibrate(text, "a.caffemodel", options)],
  ["doctor(", (options) => doctor(text, "a.caffemodel", options)],
  ["drawNet(", (options) => drawNet(text, options)],
  ["fix(", (options) => fix(text, options)],
  ["fold(", (options) => fold(text, "a.caffemodel", options)],
  ["lint(", (options) => lint(text, options)],
  ["stats(", (options) => stats(text, "a.caffemodel", options)],
  ["summarize(", (options) => summarize(text, options)],
];
const wrong: readonly [unknown, string][] = [
  ["a.caffemodel", '"a.caffemodel"'],
  ["x".repeat(99), `"${"x".repeat(60)}…"`],
  [null, "null"],
  [1, "1"],
  [["TRAIN"], "of class Array"],
  [new Uint8Array(2), "of class Uint8Array"],
  [new URL("file:///a.caffemodel"), "of class URL"],
  [() => ({}), "a function"],
  [Promise.resolve({}), "a Promise: await it"],
  [parseNet(text).message, "an object with $typeName"],
];

test.each(calls)("%s… refuses what is no options, and says what is wanted", async (call, load) => {
  for (const [options, words] of wrong) {
    const error: Error & { code?: string } = await load(options as never).then(
      () => new Error("it was taken"),
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code: "MOKA_USAGE" });
    expect(error.message).toContain(`options are wanted, as in ${call}"`);
    expect(error.message).toContain(`}); this is ${words}`);
  }
});

test("options of any kind of object are taken", async () => {
  class Options {
    readonly phase = "TRAIN";
  }
  for (const options of [undefined, {}, new Options(), Object.assign(Object.create(null), { phase: "TRAIN" })])
    await (await Net.load(text, options)).dispose();
});

test("a worker's Net and Solver say the same", async () => {
  const { port1, port2 } = new MessageChannel();
  serve({ port: port1 });
  const moka = connect(port2);
  for (const load of [moka.Net.load, moka.Solver.load] as ((...args: unknown[]) => Promise<unknown>)[])
    await expect(load(text, "a.caffemodel", "TRAIN")).rejects.toThrow(/options are wanted.*this is "a\.caffemodel"/);
  moka.terminate();
  port1.close();
});
