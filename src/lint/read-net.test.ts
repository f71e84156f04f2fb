import { describe, expect, test } from "vitest";
import { lintContext } from "../../test/lint.js";
import { netFilesOf } from "../solvers/solver-nets.js";
import type { LintNet } from "./net.js";
import { readLintNet } from "./read-net.js";
import { isSolver, readLintSolver, readSolver } from "./read-solver.js";
import { Source } from "./source.js";

const read = (text: string, solver?: string): Promise<LintNet> =>
  readLintNet(new Source(text, "net.prototxt"), lintContext(solver === undefined ? {} : { solver }));

const input = `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }\n`;
const loss = `layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: "x" top: "l" }\n`;
const layer = (name: string, more: string) =>
  `layer { name: "${name}" type: "ReLU" bottom: "x" top: "${name}" ${more} }\n`;

describe("what a file is for", () => {
  test.each([
    ["trainval", input + loss],
    ["deploy", input],
    ["fragment", loss],
    ["deploy", `input: "x" input_shape { dim: 2 dim: 3 dim: 4 dim: 4 }\n`],
    ["trainval", input + layer("l", "loss_weight: 1")],
    ["fragment", ""],
  ])("%s: %j", async (kind, text) => {
    expect((await read(text)).kind).toBe(kind);
  });
});

describe("the states of a net", () => {
  const states = ({ views }: LintNet) =>
    views.map(
      ({ phase, stages, layers }) => `${phase} ${stages.join("+")}: ${layers.map(({ name }) => name).join(" ")}`,
    );

  test("are both phases with data, and TEST alone without a loss", async () => {
    const train = layer("r", "include { phase: TRAIN }");
    expect(states(await read(input + train + loss))).toEqual(["TRAIN : x r l", "TEST : x l"]);
    expect(states(await read(input + train))).toEqual(["TEST : x"]);
  });

  test("without a solver there is one for each stage that a rule names, each set of layers once", async () => {
    const text = input + layer("r", 'include { stage: "s" }') + layer("q", 'include { not_stage: "t" }') + loss;
    expect(states(await read(text))).toEqual([
      ...["TRAIN : x q l", "TRAIN s: x r q l", "TRAIN t: x l"],
      ...["TEST : x q l", "TEST s: x r q l", "TEST t: x l"],
    ]);
  });

  test("a solver says the stages", async () => {
    const text = input + layer("r", 'include { stage: "s" }') + loss;
    const solver = 'train_state { stage: "s" } test_state { }';
    expect(states(await read(text, solver))).toEqual(["TRAIN s: x r l", "TEST : x l"]);
  });

  test("one that nothing feeds is none, unless all are", async () => {
    const fed = input.replace("input_param", "include { phase: TRAIN } input_param");
    expect(states(await read(fed + loss))).toEqual(["TRAIN : x l"]);
    expect(states(await read(loss))).toEqual(["TRAIN : l", "TEST : l"]);
  });
});

describe("layers", () => {
  test("know where they stand, their fields, and what is around these", async () => {
    const { layers } = await read(`${input}layer {\n  name: "c"\n  type: "Convolution"\n  bottom: "x" top: "c"
  convolution_param { num_output: 2 kernel_size: [3, 5] weight_filler { type: "xavier" } }\n}\n`);
    const conv = layers[1];
    expect(conv.label).toBe('layer "c" (Convolution)');
    expect(conv.at()).toMatchObject({ line: 2, column: 1 });
    expect(conv.at("convolution_param", "num_output")).toMatchObject({ line: 6, column: 23 });
    expect(conv.at("convolution_param", "bias_term")).toMatchObject({ line: 2, column: 1 });
    const values = conv.values("convolution_param", "kernel_size");
    expect(values.map(({ value }) => value.kind === "scalar" && value.text)).toEqual(["3", "5"]);
    const [type] = conv.fields("convolution_param", "weight_filler", "type");
    expect(conv.owners(type).map(({ name }) => name)).toEqual(["weight_filler", "convolution_param"]);
  });

  test("of old form have no body to change, and those an upgrade made no place", async () => {
    const old =
      'input: "x" input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 2\nlayers { name: "r" type: RELU bottom: "x" top: "r" }\n';
    const [made, relu] = (await read(old)).layers;
    expect([made.type, made.field, made.body, made.at()]).toEqual([
      "Input",
      undefined,
      undefined,
      { line: 1, column: 1 },
    ]);
    expect([relu.type, relu.body, relu.at().line]).toEqual(["ReLU", undefined, 2]);
  });
});

describe("a view", () => {
  test("follows blobs through layers in place", async () => {
    const text = `${input}layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" }
layer { name: "s" type: "Scale" bottom: "x" top: "x" }
layer { name: "a" type: "ReLU" bottom: "x" top: "a" } layer { name: "b" type: "ReLU" bottom: "x" top: "b" }
layer { name: "e" type: "Eltwise" bottom: "a" bottom: "nobody" top: "e" }\n`;
    const net = await read(text);
    const [view] = net.views;
    const [data, bn, scale, a, b, sum] = net.layers;
    const readers = (of: typeof data) => view.readers(of).map((end) => `${end.layer.name}${end.index}`);
    expect([data, bn, scale, a, b].map(readers)).toEqual([["bn0"], ["s0"], ["a0", "b0"], ["e0"], []]);
    expect([view.maker(bn), view.maker(b), view.maker(sum, 1)]).toEqual([data, scale, undefined]);
    expect([bn, a].map((each) => view.isInPlace(each))).toEqual([true, false]);
    expect(view.topShapes(scale)).toEqual([[2, 3, 4, 4]]);
    expect(view.paramShapes(bn)).toEqual([[3], [3], [1]]);
    expect(view.bottomShapes(sum)).toEqual([[2, 3, 4, 4], undefined]);
  });

  test("has what a layer has against its bottoms", async () => {
    const text = `${input}layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 1 kernel_size: 9 } }\n`;
    const net = await read(text);
    expect(net.views[0].error(net.layers[1])).toMatchObject({ code: "MOKA_SHAPE" });
    expect(net.views[0].topShapes(net.layers[1])).toEqual([undefined]);
  });
});

test("a text that cannot be brought up to date is looked at as far as it goes", async () => {
  const { failures, layers } = await read(`${input}input: "y"\ninput_dim: 1\n`);
  expect(failures).toMatchObject([{ code: expect.stringMatching(/^MOKA_/) }]);
  expect(layers.length).toBeGreaterThan(0);
});

describe("a solver", () => {
  const isSolverText = (text: string) => isSolver(new Source(text, undefined));

  test.each([
    [true, 'net: "a.prototxt"\nbase_lr: 0.1\n'],
    [true, `base_lr: 0.1\nnet_param {\n${input}}\n`],
    [true, "base_lr: 0.1\nap_version: '11point'\nfoo: 1\nbar: 2\n"],
    [false, input],
    [false, "fork_param { }\n"],
    [false, ""],
    [false, 'name: "n"\ninput: "x"\nbase_lr: 1\n'],
  ])("is told from a net by its fields: %j, %j", (expected, text) => {
    expect(isSolverText(text)).toBe(expected);
  });

  test("is read as far as it goes, with what is against it", () => {
    const reading = (text: string) => readSolver(new Source(text, undefined));
    const both = reading('type: "Adam" solver_type: ADAM net: "a" train_net: "b"');
    expect(both.failures.map(({ reason }) => reason.slice(0, 20))).toEqual(["give type or its old"]);
    expect(reading("net: 'a' solver_type: ADAM")).toMatchObject({ message: { type: "Adam" }, failures: [] });
    expect(netFilesOf(reading('net: "a" test_net: "b" test_net: "a"').message)).toEqual(["a", "b"]);
  });

  test("is a net without layers, and the nets within it", async () => {
    const text = `base_lr: 0.1 # 0.2\ntrain_net_param {\n${input}${loss}}\ntest_net_param { ${input} }\ntest_iter: 1 test_interval: 1\n`;
    const [whole, train, deploy, ...more] = await readLintSolver(new Source(text, "s"), lintContext());
    expect([whole.layers, whole.solver?.baseLr, whole.failures, more]).toEqual([[], expect.closeTo(0.1), [], []]);
    expect([train.kind, deploy.kind]).toEqual(["trainval", "deploy"]);
    expect(train.solver).toBe(whole.solver);
    expect(train.layers.map(({ label }) => label)).toEqual(['layer "x" (Input)', 'layer "l" (EuclideanLoss)']);
    expect([train.layers[1].at().line, deploy.layers[0].at()]).toMatchObject([4, { line: 6, column: 18 }]);
  });
});
