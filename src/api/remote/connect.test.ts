// Both sides of a port in one program: what comes over it is what there is without it.
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { Layer } from "../../core/layer.js";
import * as here from "../../index.js";
import { createFiles, MokaError, parseNet } from "../../index.js";
import { asyncDispose } from "../../util/resource-owner.js";
import type { Port, WorkerMoka } from "../../worker.js";
import { connect } from "./connect.js";
import { serve } from "./host.js";
import { functionNames } from "./protocol.js";

const open: { readonly moka: WorkerMoka; readonly ports: readonly MessagePort[] }[] = [];

function connected(options: Omit<Parameters<typeof serve>[0], "port"> = {}): WorkerMoka {
  const { port1, port2 } = new MessageChannel();
  serve({ port: port1, ...options });
  const moka = connect(port2);
  open.push({ moka, ports: [port1, port2] });
  return moka;
}

afterEach(() => {
  for (const { moka, ports } of open.splice(0)) {
    moka.terminate();
    for (const port of ports) port.close();
  }
});

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

const layers = `
  layer { name: "conv" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "msra" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
  layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
  layer { name: "ip" type: "InnerProduct" bottom: "c" top: "y" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }`;

const deploy = `name: "small" force_backward: true
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 1 dim: 6 dim: 6 } } }
  ${layers}
  layer { name: "prob" type: "Softmax" bottom: "y" top: "prob" }`;

const training = `
  net_param {
    layer { name: "noise" type: "DummyData" top: "data" top: "label" dummy_data_param {
      shape { dim: 4 dim: 1 dim: 6 dim: 6 } shape { dim: 4 }
      data_filler { type: "gaussian" } data_filler { type: "constant" value: 1 } } }
    ${layers}
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "label" top: "loss" }
  }
  test_iter: 2 test_interval: 3 snapshot: 4 snapshot_prefix: "out/run" snapshot_after_train: true
  base_lr: 0.01 momentum: 0.9 lr_policy: "step" gamma: 0.5 stepsize: 2 max_iter: 6 random_seed: 5 average_loss: 2`;

const engine = { engine: "wasm", threads: 1 } as const;
const image = Float32Array.from({ length: 72 }, (_, i) => Math.sin(i * i));

test("a net: what is known of it, forward, backward, blobs, parameters, shapes", async () => {
  const local = await here.Net.load(deploy, { ...engine, seed: 3 });
  const net = await connected().Net.load(deploy, { ...engine, seed: 3 });
  expect(net.name).toBe("small");
  expect(net.phase).toBe(local.phase);
  expect(net.inputs).toEqual(local.inputs);
  expect(net.outputs).toEqual(local.outputs);
  expect(net.engine.description).toBe(local.engine.description);
  const facts = ({ name, type, bottoms, tops }: (typeof net.layers)[number]) => ({ name, type, bottoms, tops });
  expect(net.layers).toEqual(local.layers.map(facts));
  expect([...net.blobs].map(([name, blob]) => `${name} ${blob}`)).toEqual(
    [...local.blobs].map(([name, blob]) => `${name} ${blob}`),
  );
  expect([...net.params].map(([name, blobs]) => `${name} ${blobs.join()}`)).toEqual(
    [...local.params].map(([name, blobs]) => `${name} ${blobs.join()}`),
  );

  expect(await net.forward({ data: image })).toEqual(await local.forward({ data: image }));
  expect(await net.forward({}, { from: "conv", to: "conv" })).toEqual(
    await local.forward({}, { from: "conv", to: "conv" }),
  );
  await local.forward();
  await net.forward();
  const diff = new Float32Array(6).map((_, i) => i - 2);
  local.blobs.get("prob")?.diff.set(diff);
  await net.blobs.get("prob")?.write(diff, "diff");
  await local.backward();
  await net.backward();
  expect(await net.params.get("conv")?.[0]?.read("diff")).toEqual(local.params.get("conv")?.[0]?.diff.slice());
  expect(await net.blobs.get("c")?.read()).toEqual(local.blobs.get("c")?.data.slice());
  expect((await net.params.get("ip")?.[1]?.read("diff"))?.some((value) => value !== 0)).toBe(true);
  await net.clearParamDiffs();
  expect((await net.params.get("ip")?.[1]?.read("diff"))?.every((value) => value === 0)).toBe(true);

  const times = await net.timeLayers({ iterations: 2, backward: true });
  expect(times.map(({ name }) => name)).toEqual(local.layers.map(({ name }) => name));
  expect(times.every(({ forwardMs, backwardMs = -1 }) => forwardMs >= 0 && backwardMs >= 0)).toBe(true);

  await net.reshape({ data: [5, 1, 6, 6] });
  expect(net.blobs.get("prob")?.shape).toEqual([5, 3]);
  expect(net.blobs.get("prob")?.count).toBe(15);
  expect((await net.forward())["prob"]).toHaveLength(15);
  await net.dispose();
  await local.dispose();
});

test("many rows at once, an update by hand, progress and signals of functions", async () => {
  const work = async (moka: unknown) => {
    const { Net, Solver, calibrate } = moka as typeof here;
    const net = await Net.load(deploy, { ...engine, seed: 3 });
    const rows = Float32Array.from({ length: 5 * 36 }, (_, i) => Math.cos(i));
    const progress: unknown[] = [];
    const options = { onProgress: (each: unknown) => void progress.push(each) };
    const forward = await net.forwardAll({ data: { shape: [5, 1, 6, 6], data: rows } as never }, options);
    const both = await net.forwardBackwardAll({ data: rows, prob: new Float32Array(15).fill(0.5) });
    await net.dispose();

    const solver = await Solver.load(training, { ...engine, files: createFiles() });
    await solver.net.clearParamDiffs();
    await solver.net.forward();
    await solver.net.backward();
    await solver.applyUpdate();
    const updated = await solver.net.toMessage();
    // Here, and not there, calibrate brings the message to today's form.
    const text = here.formatNet(updated);
    const { iter } = solver;
    await solver.dispose();

    const train = training.slice(training.indexOf("{") + 1, training.lastIndexOf("}"));
    const report = await calibrate(train, updated, { ...engine, ...options, iterations: 2, seed: 1 });
    const reason = new Error("enough");
    const stopped = await caught(calibrate(train, updated, { ...engine, signal: AbortSignal.abort(reason) }));
    expect(stopped).toBe(reason);
    return { forward, both, iter, report, progress, text };
  };
  const wanted = await work(here);
  expect(wanted.progress.length).toBeGreaterThan(3);
  expect(await work(connected())).toEqual(wanted);
});

test("calls that are not awaited keep their order", async () => {
  const net = await connected().Net.load(deploy, engine);
  const ones = new Float32Array(72).fill(1);
  const [first, , second, data] = await Promise.all([
    net.forward({ data: image }),
    net.reshape({ data: [1, 1, 6, 6] }),
    net.forward({ data: ones.subarray(36) }),
    net.blobs.get("data")?.read(),
  ]);
  expect(first["prob"]).toHaveLength(6);
  expect(second["prob"]).toHaveLength(3);
  expect(data).toEqual(ones.slice(36));
});

test("arrays stay with the caller unless they are given away", async () => {
  const net = await connected().Net.load(deploy, engine);
  const kept = image.slice();
  const first = await net.forward({ data: kept });
  expect(kept).toEqual(image);
  const given = image.slice();
  expect(await net.forward({ data: given }, { transfer: true })).toEqual(first);
  expect(given).toHaveLength(0);
  // A part of a larger memory is copied, without the rest.
  const large = new Float32Array(1000);
  large.set(image, 100);
  expect(await net.forward({ data: large.subarray(100, 172) }, { transfer: true })).toEqual(first);
  expect(large[101]).toBe(image[1]);
  const shared = new Float32Array(new SharedArrayBuffer(288));
  shared.set(image);
  expect(await net.forward({ data: shared })).toEqual(first);
  expect(await net.forward({ data: [...image] })).toEqual(first);
});

test("a solver: the same losses, states, events, tests and files as without a port", async () => {
  const run = async (moka: Pick<WorkerMoka, "Solver"> | Pick<typeof here, "Solver">) => {
    const files = createFiles();
    const solver = await (moka as Pick<typeof here, "Solver">).Solver.load(training, { ...engine, files });
    const seen: unknown[] = [];
    const state = () => [solver.iter, solver.lr, solver.loss, solver.smoothedLoss, solver.stopped];
    solver.on("iteration", (event) => void seen.push(event));
    const removed = solver.on("iteration", () => void seen.push("removed"));
    removed();
    solver.on("test", (event) => void seen.push(event));
    solver.on("snapshot", (event) => void seen.push(event));
    await solver.step(2);
    const after2 = state();
    await solver.solve();
    const tested = await solver.test();
    await solver.snapshot();
    await solver.restore("out/run_iter_4.solverstate");
    const restored = state();
    await solver.step(1);
    const model = await files.read("out/run_iter_6.caffemodel");
    await solver.dispose();
    return { seen, after2, tested, restored, atEnd: state(), paths: files.paths(), model };
  };
  const wanted = await run(here);
  expect(wanted.seen.length).toBeGreaterThan(10);
  expect(wanted.paths).toContain("/out/run_iter_6.solverstate");
  expect(await run(connected())).toEqual(wanted);
});

test("the nets of a solver, between its iterations; a request stops it", async () => {
  const solver = await connected().Solver.load(training.replace("max_iter: 6", "max_iter: 100000"), {
    ...engine,
    files: createFiles(),
  });
  expect(solver.testNets.map(({ phase }) => phase)).toEqual(["TEST"]);
  const done = solver.solve();
  const seen: (Float32Array | undefined)[] = [];
  while (seen.length < 3) seen.push(await solver.net.params.get("ip")?.[0]?.read());
  await solver.request("stop");
  await done;
  expect(solver.stopped).toBe(true);
  expect(solver.iter).toBeGreaterThan(0);
  expect(await solver.state()).toMatchObject({ iter: solver.iter, stopped: true });
  expect(await solver.net.readLoss()).toBeGreaterThan(0);
  expect(await solver.net.lossWeight("loss")).toBe(1);
  await solver.dispose();
  const error = await caught(solver.net.forward());
  expect(error).toMatchObject({ code: "MOKA_USAGE", message: expect.stringContaining("was disposed of") });
});

test("a solver's events in a loop, with progress; leaving it, and a signal, end the run", async () => {
  const run = async (moka: unknown) => {
    const solver = await (moka as typeof here).Solver.load(training, { ...engine, files: createFiles() });
    const seen: unknown[] = [];
    const progress: unknown[] = [];
    for await (const event of solver.run({ onProgress: ({ done }) => void progress.push(done) })) seen.push(event);
    for await (const event of solver.run({ iterations: 5 })) {
      seen.push(event);
      if (solver.iter === 8) break;
    }
    const controller = new AbortController();
    const reason = new Error("enough");
    const ended = (async () => {
      for await (const { type } of solver.run({ iterations: 100000, signal: controller.signal })) {
        if (type === "iteration") controller.abort(reason);
      }
    })();
    expect(await caught(ended)).toBe(reason);
    const stopped = caught(solver.step(100000, { signal: AbortSignal.abort(reason) }));
    expect(await stopped).toBe(reason);
    seen.push(solver.iter);
    await solver.dispose();
    return { seen, progress };
  };
  const wanted = await run(here);
  expect(wanted.seen.length).toBeGreaterThan(10);
  expect(await run(connected())).toEqual(wanted);
});

test("weights as a message, as bytes, from a path; saving", async () => {
  const moka = connected();
  const files = createFiles({ "net.prototxt": deploy });
  const net = await moka.Net.load("net.prototxt", { ...engine, files });
  const wanted = await net.forward({ data: image });
  await net.save("a.caffemodel");
  const bytes = await files.read("a.caffemodel");
  const message = await net.toMessage();
  expect(message.$typeName).toBe("caffe.NetParameter");
  // The defaults of fields that are not set are those of the schema.
  expect(message.layer[1]?.convolutionParam?.biasTerm).toBe(true);

  const from = async (weights: here.Weights) => {
    const other = await moka.Net.load(parseNet(deploy).message, { ...engine, files, weights });
    return other.forward({ data: image });
  };
  expect(await from("a.caffemodel")).toEqual(wanted);
  expect(await from(bytes)).toEqual(wanted);
  expect(await from(new Blob([bytes]))).toEqual(wanted);
  expect(await from(message)).toEqual(wanted);
  const other = await moka.Net.load(deploy, { ...engine, weights: bytes, transfer: true });
  expect(bytes).toHaveLength(0);
  expect(await other.forward({ data: image })).toEqual(wanted);
  const third = await moka.Net.load(deploy, engine);
  await third.copyTrainedLayers(message);
  expect(await third.forward({ data: image })).toEqual(wanted);
});

test("MemoryData gets its data", async () => {
  const net = await connected().Net.load(
    `layer { name: "given" type: "MemoryData" top: "x" top: "l" memory_data_param { batch_size: 1 channels: 1 height: 1 width: 2 } }
     layer { name: "p" type: "Power" bottom: "x" top: "y" power_param { scale: 2 } }`,
    engine,
  );
  await net.resetMemoryData("given", Float32Array.of(1, 2, 3, 4), Float32Array.of(7, 8));
  expect(await net.forward()).toMatchObject({ y: Float32Array.of(2, 4), l: Float32Array.of(7) });
  expect(await net.forward()).toMatchObject({ y: Float32Array.of(6, 8), l: Float32Array.of(8) });
  expect(await caught(net.resetMemoryData("p", image, image))).toMatchObject({ code: "MOKA_LAYER" });
});

test("functions: the same results", async () => {
  const moka = connected();
  expect(await moka.summarize(deploy)).toEqual(await here.summarize(deploy));
  expect(await moka.drawNet(deploy)).toBe(await here.drawNet(deploy));
  const plain = ({ findings }: here.LintResult) =>
    findings.map(({ fix, ...finding }) => ({ ...finding, fix: fix?.edits }));
  expect(plain(await moka.lint(deploy))).toEqual(plain(await here.lint(deploy)));
  expect(plain(await moka.lint(deploy))).not.toEqual([]);
  const files = createFiles();
  const net = await here.Net.load(deploy, { ...engine, files, phase: "TRAIN" });
  await net.forward({ data: image });
  await net.save("a.caffemodel");
  await net.dispose();
  expect(await moka.stats(deploy, "a.caffemodel", { files })).toEqual(
    await here.stats(deploy, "a.caffemodel", { files }),
  );
  const folded = await moka.fold(deploy, "a.caffemodel", { ...engine, files, output: "folded" });
  const wanted = await here.fold(deploy, "a.caffemodel", { ...engine, files, output: "wanted" });
  expect(folded.text).toBe(wanted.text);
  expect(here.formatNet(folded.net)).toBe(here.formatNet(wanted.net));
  expect(await files.read("folded.caffemodel")).toEqual(await files.read("wanted.caffemodel"));
});

test("a net comes back with its comments, and with fields of enums last", async () => {
  const moka = connected();
  const text = `# a net\nname: "N" # its name\n${deploy}\n# the end\nlayer { name: "e" type: "ReLU" bottom: "prob" top: "e" # only here\n include { phase: TEST } }\n`;
  const files = createFiles();
  const net = await here.Net.load(text, { ...engine, files });
  await net.save("a.caffemodel");
  await net.dispose();
  const folded = await moka.fold(text, "a.caffemodel", { ...engine, files });
  expect(folded.text).toContain("# only here");
  expect(here.formatNet(folded.net)).toBe(folded.text);
});

test("every function over the port is one of the package", () => {
  const all = new Map<string, unknown>(Object.entries(here));
  for (const name of functionNames) expect(all.get(name), name).toBeTypeOf("function");
});

test("errors arrive as they were thrown", async () => {
  const moka = connected();
  const text = "\n".repeat(3) + deploy.replace('bottom: "y" top: "prob"', 'bottom: "z" top: "prob"');
  const [there, local] = await Promise.all([caught(moka.Net.load(text)), caught(here.Net.load(text))]);
  expect(local).toBeInstanceOf(MokaError);
  expect(there).toBeInstanceOf(MokaError);
  const parts = ({ name, message, code, reason, place, layer }: MokaError) => ({
    ...{ name, message, code, reason },
    place: [place?.file, place?.line, place?.column],
    layer: [layer?.name, layer?.type],
  });
  expect(parts(there as MokaError)).toEqual(parts(local as MokaError));
  expect((there as MokaError).place?.line).toBeGreaterThan(3);

  // A worker has lint, and names the cause without being asked.
  const frozen = training
    .replace('bottom: "c" top: "c" }', 'bottom: "c" top: "c" batch_norm_param { use_global_stats: true eps: 1e-30 } }')
    .replace("base_lr: 0.01", "base_lr: 10");
  const solver = await moka.Solver.load(frozen, { ...engine, files: createFiles() });
  expect(await caught(solver.solve())).toMatchObject({
    code: "MOKA_NAN",
    reason: expect.stringContaining("[global-stats-in-train]"),
    findings: [{ rule: "global-stats-in-train", severity: "error", why: expect.stringContaining("empty") }],
  });

  const net = await moka.Net.load(deploy, engine);
  expect(await caught(net.forward({ data: [1, 2] }))).toMatchObject({ code: "MOKA_SHAPE" });
  expect(await caught(net.forward({ data: ["a"] as never }))).toMatchObject({ code: "MOKA_USAGE" });
  expect(await caught(net.blobs.get("y")?.write([1]) ?? Promise.resolve())).toMatchObject({ code: "MOKA_SHAPE" });
  expect(await caught(net.save("nowhere/else/a.caffemodel"))).toMatchObject({ code: "MOKA_FILE" });
  expect(await caught(moka.lint(Symbol("no text") as never))).toMatchObject({ code: "MOKA_USAGE" });
});

test("what a page's files throw arrives in the worker, and comes back", async () => {
  const moka = connected();
  const files = createFiles();
  const error = await caught(moka.Net.load("missing.prototxt", { files }));
  expect(error).toMatchObject({ code: "MOKA_FILE", message: expect.stringContaining("missing.prototxt") });
});

test("log and progress are called here", async () => {
  const lines: string[] = [];
  const net = await connected().Net.load(`debug_info: true ${deploy}`, {
    ...engine,
    log: (_, __, text) => void lines.push(text),
  });
  lines.splice(0);
  await net.forward({ data: image });
  await net.blobs.get("y")?.read();
  expect(lines.join("\n")).toContain("conv");
});

test("after dispose, and of others, nothing is left to call", async () => {
  const moka = connected();
  const [net, other] = await Promise.all([moka.Net.load(deploy, engine), moka.Net.load(deploy, engine)]);
  await net[asyncDispose]();
  await net.dispose();
  const error = await caught(net.forward());
  expect(error).toBeInstanceOf(MokaError);
  expect(error).toMatchObject({
    code: "MOKA_USAGE",
    reason: 'net "small" was disposed of: it cannot be used any more',
  });
  expect(Object.keys(await other.forward())).toEqual(["prob"]);
});

test("a port that ends rejects the calls that wait, and all that come", async () => {
  const moka = connected();
  const solver = await moka.Solver.load(training.replace("max_iter: 6", "max_iter: 100000"), {
    ...engine,
    files: createFiles(),
  });
  const waiting = caught(solver.solve());
  moka.terminate();
  for (const error of [await waiting, await caught(solver.step(1)), await caught(moka.lint(deploy))]) {
    expect(error).toMatchObject({ code: "MOKA_WORKER", reason: "the worker was terminated" });
  }
});

test("layers of one's own are given where the nets are", async () => {
  class Twice extends Layer {
    static readonly type = "Twice";
    override readonly bottomCount = 1;
    override readonly topCount = 1;
    override topShapes([x]: readonly here.Shape[]) {
      return [x ?? []];
    }
    override forward(k: here.Recorder, [x]: [here.Tensor], [y]: [here.Tensor]) {
      k.host("twice", () => y.data.array.set(x.data.array.map((value) => 2 * value)), {
        reads: [x.data],
        writes: [y.data],
      });
    }
  }
  const text = `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 } } }
    layer { name: "y" type: "Twice" bottom: "x" top: "y" }`;
  const net = await connected({ layers: { Twice } }).Net.load(text, engine);
  expect(await net.forward({ x: [1, 2] })).toEqual({ y: Float32Array.of(2, 4) });
  const error = await caught(connected().Net.load(text, { layers: { Twice } } as never));
  expect(error).toMatchObject({ code: "MOKA_USAGE", message: expect.stringContaining("serve({ layers })") });
});

test("a port may carry other messages too; another version is refused", async () => {
  const { port1, port2 } = new MessageChannel();
  serve({ port: port1 });
  const moka = connect(port2 as Port);
  open.push({ moka, ports: [port1, port2] });
  port2.postMessage("hello");
  port2.postMessage({ hello: 1 });
  expect(await moka.drawNet(deploy)).toContain("<svg");
  const waiting = caught(moka.lint(deploy));
  port1.postMessage({ moka: "0.0.1", type: "bye" });
  expect(await waiting).toMatchObject({ code: "MOKA_WORKER", message: expect.stringContaining("0.0.1") });
});
