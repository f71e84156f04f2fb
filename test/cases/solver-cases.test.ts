// Solvers from practice that once trained or tested something wrong without a message; each folder here is one.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fold, Net, Solver, type SolverOptions, summarize } from "../../src/index.js";
import { NetParameterSchema } from "../../src/proto/gen/caffe_pb.js";

const folder = (name: string) => fileURLToPath(new URL(`${name}/`, import.meta.url));

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "moka-cases-"));
});
afterEach(() => rmSync(scratch, { recursive: true }));

/** Each test's outputs of one name, while the solver runs to its end. */
async function testsOf(solver: Solver, output: string): Promise<(number | undefined)[]> {
  const seen: (number | undefined)[] = [];
  solver.on("test", ({ outputs }) => seen.push(outputs[output]?.[0]));
  await solver.solve();
  return seen;
}

describe("layers that stand only in TEST and share parameters", () => {
  const data = `layer { name: "data" type: "DummyData" top: "x" top: "t" dummy_data_param {
    shape { dim: 8 dim: 4 } shape { dim: 8 } data_filler { type: "gaussian" mean: 5 } data_filler { type: "constant" value: 1 } } }`;
  const inner = (name: string, more = "", bottom = "x", fields = "") =>
    `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}" ${more}
     inner_product_param { num_output: 3 weight_filler { type: "gaussian" } ${fields} } }`;
  const shared = 'param { name: "w" } param { name: "b" }';
  const only = (phase: string) => `include { phase: ${phase} }`;
  const loss = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "a" bottom: "t" top: "loss" }';
  const distance = (to: string) =>
    `layer { name: "d" type: "EuclideanLoss" bottom: "a" bottom: "${to}" top: "dist" ${only("TEST")} }`;

  const load = (net: string, options: SolverOptions = {}, fields = "") =>
    Solver.load(
      `base_lr: 0.05 lr_policy: "fixed" momentum: 0.9 max_iter: 6 random_seed: 3 snapshot_prefix: "${scratch}/m"
       ${fields.includes("test_iter") ? "" : "test_iter: 1"} test_interval: 2 ${fields}\n${net}`,
      { engine: "reference", ...options },
    );
  const inNet = (...layers: string[]) => `net_param { ${layers.join("\n")} }`;
  const after = inNet(data, inner("a", shared), inner("p", `${shared} ${only("TEST")}`), loss, distance("p"));

  test.each(["s", "s2"])("compute with the trained weights at every test: the case, %s.prototxt", async (name) => {
    const solver = await Solver.load(`${folder("shared-params-in-test")}${name}.prototxt`, { engine: "reference" });
    solver.param.snapshotPrefix = `${scratch}/m`;
    expect(await testsOf(solver, "dist")).toEqual([0, 0]);
    await solver.dispose();
  });

  test("compute with the trained weights at every test: the case, n2.prototxt", async () => {
    const solver = await load(`net: "${folder("shared-params-in-test")}n2.prototxt"`);
    const seen: unknown[] = [];
    solver.on("test", ({ outputs }) => seen.push([...(outputs["loss"] ?? [])], [...(outputs["lossb"] ?? [])]));
    await solver.solve();
    expect(seen).toHaveLength(8);
    for (let i = 0; i < seen.length; i += 2) expect(seen[i + 1]).toEqual(seen[i]);
    await solver.dispose();
  });

  const nets: Record<string, string> = {
    "below the layer that is trained": after,
    "above it, as the owner": inNet(
      data,
      inner("p", `${shared} ${only("TEST")}`),
      inner("a", shared),
      loss,
      distance("p"),
    ),
    "where two stand in TEST only": inNet(
      ...[data, inner("q", `${shared} ${only("TEST")}`), inner("a", shared), inner("p", `${shared} ${only("TEST")}`)],
      ...[loss, distance("p"), 'layer { name: "e" type: "EuclideanLoss" bottom: "p" bottom: "q" top: "also" }'].map(
        (text, i) => (i === 2 ? text.replace(/ }$/, ` ${only("TEST")} }`) : text),
      ),
    ),
    "with a layer that stands only in TRAIN": inNet(
      ...[data, inner("own", `${shared} ${only("TRAIN")}`), inner("a", 'param { name: "w2" } param { name: "b2" }')],
      ...[inner("p", `${shared} ${only("TEST")}`), loss, distance("p")],
    ),
    "with share_mode PERMISSIVE": inNet(
      ...[
        data,
        'layer { name: "y" type: "Reshape" bottom: "x" top: "y" reshape_param { shape { dim: 0 dim: 2 dim: 2 } } }',
      ],
      ...[inner("a", shared, "y")],
      `layer { name: "p" type: "InnerProduct" bottom: "x" top: "p" ${only("TEST")}
        param { name: "w" share_mode: PERMISSIVE } param { name: "b" share_mode: PERMISSIVE }
        inner_product_param { num_output: 3 weight_filler { type: "gaussian" } } }`,
      ...[loss, distance("p")],
    ),
  };

  test.each(Object.entries(nets).filter(([name]) => !name.includes("only in TRAIN")))("%s", async (_, net) => {
    const solver = await load(net);
    expect(await testsOf(solver, "dist")).toEqual([0, 0, 0, 0]);
    await solver.dispose();
  });

  test("with a layer that stands only in TRAIN", async () => {
    const solver = await load(nets["with a layer that stands only in TRAIN"] ?? "");
    await solver.step(4);
    const trained = solver.net.params.get("own")?.map((blob) => [...blob.data]);
    expect(solver.testNets[0]?.params.get("p")?.map((blob) => [...blob.data])).toEqual(trained);
    await solver.dispose();
  });

  test("in each of two test nets", async () => {
    const solver = await load(after, {}, "test_iter: 1 test_iter: 2");
    expect(await testsOf(solver, "dist")).toEqual(Array(8).fill(0));
    await solver.dispose();
  });

  test("after a snapshot was resumed, and with weights to start from", async () => {
    const first = await load(after, {}, "snapshot: 3");
    await first.step(3);
    await first.dispose();
    const resumed = await load(after, { snapshot: `${scratch}/m_iter_3.solverstate` });
    expect(await testsOf(resumed, "dist")).toEqual([0, 0]);
    await resumed.dispose();
    const tuned = await load(after, { weights: `${scratch}/m_iter_3.caffemodel` });
    expect(await testsOf(tuned, "dist")).toEqual([0, 0, 0, 0]);
    await tuned.dispose();
  });

  test("a parameter of another shape than the one of its name is refused", async () => {
    const wrong = inNet(
      ...[data, inner("own", `${shared} ${only("TRAIN")}`), inner("a"), loss],
      inner("p", `${shared} ${only("TEST")}`, "a"),
    );
    await expect(load(wrong)).rejects.toThrow('param "w" has shape 3 3 (9) here, but 3 4 (12) in the training net');
  });
});

describe("V1 layers in a net within a solver", () => {
  const fields = 'base_lr: 0.1 lr_policy: "fixed" max_iter: 2 snapshot_after_train: false';
  const layers = `name: "x"
    layers { name: "d" type: DUMMY_DATA top: "d" top: "t" dummy_data_param { num: 2 channels: 3 height: 1 width: 1 num: 2 channels: 2 height: 1 width: 1 } }
    layers { name: "ip" type: INNER_PRODUCT bottom: "d" top: "ip" inner_product_param { num_output: 2 bias_filler { value: 1 } } }
    layers { name: "l" type: EUCLIDEAN_LOSS bottom: "ip" bottom: "t" top: "loss" }`;

  test("are upgraded: the case", async () => {
    const solver = await Solver.load(`${folder("v1-in-solver")}v1.prototxt`, { engine: "reference" });
    expect(solver.net.layers.map(({ type }) => type)).toEqual(["DummyData", "InnerProduct", "Split", "EuclideanLoss"]);
    await solver.dispose();
  });

  test.each([
    ["net_param", `net_param { ${layers} } test_iter: 1 test_interval: 1`],
    [
      "train_net_param and test_net_param",
      `train_net_param { ${layers} } test_net_param { ${layers} } test_iter: 1 test_interval: 1`,
    ],
  ])("are upgraded in %s", async (_, nets) => {
    const solver = await Solver.load(`${fields}\n${nets}`, { engine: "reference" });
    const [first, second, third] = await testsOf(solver, "loss");
    // The bias of 1 meets targets of 0: ½ · 2 · 1². Each step leaves 0.9 of it.
    expect([first, second, third]).toEqual([1, expect.closeTo(0.9 ** 2, 5), expect.closeTo(0.9 ** 4, 5)]);
    await solver.dispose();
  });
});

describe("a net without layers is refused", () => {
  const solver = 'base_lr: 0.1\nlr_policy: "fixed" max_iter: 2';
  test.each([
    ["as a net", () => Net.load('name: "x"\n'), "<text>:1:1: the net has no layers"],
    ["in a summary", () => summarize('name: "x"\n'), "<text>:1:1: the net has no layers"],
    ["in a fold", () => fold('name: "x"\n', create(NetParameterSchema)), "<text>:1:1: the net has no layers"],
    [
      "where rules leave all out",
      () => Net.load('layer { name: "d" type: "Input" top: "d"\ninclude { phase: TRAIN } }', { phase: "TEST" }),
      "<text>:1:1: the net has no layers for phase TEST: the rules of its 1 layer leave all of them out",
    ],
    [
      "in training",
      () => Solver.load(`${solver}\nnet_param { }`),
      "<text>:3:1: the net has no layers (in the training net, built for phase TRAIN)",
    ],
    [
      "in a test",
      () =>
        Solver.load(`${solver} test_iter: 1 test_interval: 1
          train_net_param { layer { name: "d" type: "DummyData" top: "d" dummy_data_param { shape { dim: 1 } } } }
          test_net_param { name: "empty" }`),
      "<text>:4:11: the net has no layers (in TEST net #0, built for phase TEST)",
    ],
  ])("%s", async (_, load, message) => {
    await expect(load()).rejects.toMatchObject({ code: "MOKA_LAYER", message });
  });
});

describe("a blob that a layer makes only in another state", () => {
  const path = folder("other-phase");
  const elsewhere = (net: string) =>
    `${net}:3:1: layer "sig" (Sigmoid): bottom 0 is "fin", which no layer above produces; there are "data", "label"; ` +
    `layer "f0" (${net}:2:1) produces it where stage: "s0" holds`;

  test("the error names the layer, its place and its rule, and the net: the case", async () => {
    await expect(Solver.load(`${path}s.prototxt`)).rejects.toMatchObject({
      code: "MOKA_BLOB",
      message: `${elsewhere(`${path}n.prototxt`)} (in the training net, built for phase TRAIN)`,
    });
  });

  test("the error names the test net and its state", async () => {
    const text = (states: string) =>
      `net: "${path}n.prototxt" base_lr: 1 lr_policy: "fixed" max_iter: 1 test_iter: 1 test_iter: 1 test_interval: 1
       train_state { stage: "s0" } ${states}`;
    await expect(Solver.load(text(""))).rejects.toThrow(
      `${elsewhere(`${path}n.prototxt`)} (in TEST net #0, built for phase TEST)`,
    );
    await expect(Solver.load(text('test_state { stage: "s0" } test_state { level: 2 stage: "s1" }'))).rejects.toThrow(
      `${elsewhere(`${path}n.prototxt`)} (in TEST net #1, built for phase TEST, level 2, stage "s1")`,
    );
  });

  test("exclude rules, and several rules", async () => {
    const net = (rules: string) => `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } }
layer { name: "a" type: "ReLU" bottom: "x" top: "y" ${rules} }
layer { name: "b" type: "ReLU" bottom: "y" top: "z" }`;
    await expect(Net.load(net('exclude { phase: TEST not_stage: "keep" }'))).rejects.toThrow(
      'layer "a" (<text>:2:1) produces it where phase: TEST not_stage: "keep" does not hold',
    );
    await expect(Net.load(net("include { phase: TRAIN } include { min_level: 3 }"))).rejects.toThrow(
      'layer "a" (<text>:2:1) produces it where phase: TRAIN or min_level: 3 holds',
    );
  });
});
