import { create, equals } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { netFromText } from "../../test/nets.js";
import { WasmEngine } from "../engines/wasm/index.js";
import { layers } from "../layers/registry.js";
import { LayerParameterSchema, type NetParameter, NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { formatNet, parseNet } from "../proto/text/index.js";
import { MokaError } from "../util/errors.js";
import type { LayerType } from "./layer-params.js";
import { L, NetSpec, P, type Top, toProto } from "./net-spec.js";

/** What a prototxt says, without its comments and places. */
function parsed(text: string): NetParameter {
  const { message, issues } = parseNet(text);
  expect(issues).toEqual([]);
  return message;
}

function expectNet(actual: NetParameter, text: string): void {
  expect(formatNet(actual)).toBe(formatNet(parsed(text)));
  expect(equals(NetParameterSchema, actual, parsed(text))).toBe(true);
}

const lenet = `
  name: "LeNet"
  layer {
    name: "mnist" type: "Input" top: "data" top: "label"
    input_param { shape { dim: 4 dim: 1 dim: 28 dim: 28 } shape { dim: 4 } }
  }
  layer {
    name: "conv1" type: "Convolution" bottom: "data" top: "conv1" param { lr_mult: 1 } param { lr_mult: 2 }
    convolution_param {
      num_output: 20 kernel_size: 5 stride: 1 weight_filler { type: "xavier" } bias_filler { type: "constant" }
    }
  }
  layer {
    name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 2 stride: 2 }
  }
  layer {
    name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2" param { lr_mult: 1 } param { lr_mult: 2 }
    convolution_param {
      num_output: 50 kernel_size: 5 stride: 1 weight_filler { type: "xavier" } bias_filler { type: "constant" }
    }
  }
  layer {
    name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2" pooling_param { pool: MAX kernel_size: 2 stride: 2 }
  }
  layer {
    name: "ip1" type: "InnerProduct" bottom: "pool2" top: "ip1" param { lr_mult: 1 } param { lr_mult: 2 }
    inner_product_param { num_output: 500 weight_filler { type: "xavier" } bias_filler { type: "constant" } }
  }
  layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
  layer {
    name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" param { lr_mult: 1 } param { lr_mult: 2 }
    inner_product_param { num_output: 10 weight_filler { type: "xavier" } bias_filler { type: "constant" } }
  }
  layer {
    name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy" include { phase: TEST }
  }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
`;

function lenetSpec(): NetSpec {
  const learned = {
    param: [{ lr_mult: 1 }, { lr_mult: 2 }],
    weight_filler: { type: "xavier" },
    bias_filler: { type: "constant" },
  };
  const n = new NetSpec("LeNet");
  const shape = [{ dim: [4, 1, 28, 28] }, { dim: 4 }];
  [n.data, n.label] = L.Input({ name: "mnist", shape, ntop: 2 });
  n.conv1 = L.Convolution(n.data, { num_output: 20, kernel_size: 5, stride: 1, ...learned });
  n.pool1 = L.Pooling(n.conv1, { pool: P.Pooling.MAX, kernel_size: 2, stride: 2 });
  n.conv2 = L.Convolution(n.pool1, { num_output: 50, kernel_size: [5], stride: 1, ...learned });
  n.pool2 = L.Pooling(n.conv2, { pool: "MAX", kernel_size: 2, stride: 2 });
  n.ip1 = L.InnerProduct(n.pool2, { num_output: 500, ...learned });
  n.relu1 = L.ReLU(n.ip1, { in_place: true });
  n.ip2 = L.InnerProduct(n.relu1, { num_output: 10, ...learned });
  n.accuracy = L.Accuracy(n.ip2, n.label, { include: { phase: "TEST" } });
  n.loss = L.SoftmaxWithLoss(n.ip2, n.label);
  return n;
}

test("writes LeNet, message for message", () => {
  const n = lenetSpec();
  expectNet(n.toProto(), lenet);
  expectNet(parsed(n.toString()), lenet);
  expect(`${n}`).toBe(n.toString());
  // A second time, with nothing left over from the first.
  expectNet(n.toProto(), lenet);
});

test("what it writes trains", async () => {
  const net = await netFromText(lenetSpec().toString(), { engine: await WasmEngine.create() });
  const data = Float32Array.from({ length: 4 * 784 }, (_, i) => Math.sin(i * (1 + Math.floor(i / 784))));
  const losses: number[] = [];
  for (let i = 0; i < 5; i++) {
    await net.forward({ data, label: [3, 1, 4, 9] });
    losses.push(net.loss);
    net.clearParamDiffs();
    await net.backward();
    for (const { tensor, lrMult } of net.learnables) {
      const { data: w, diff } = tensor.blob;
      w.set(w.map((value, at) => value - 0.01 * lrMult * diff[at]));
    }
  }
  expect(losses.every((loss, i) => i === 0 || loss < losses[i - 1])).toBe(true);
  expect(losses[4]).toBeLessThan(losses[0] / 2);
  await net.dispose();
  await net.engine.dispose();
});

describe("names, as pycaffe gives them:", () => {
  const named = (net: NetParameter) => net.layer.map(({ name, bottom, top }) => `${name}: ${bottom} -> ${top}`);

  test("what is not assigned is numbered by type, when something needs it", () => {
    const n = new NetSpec();
    n.x = L.Input({ shape: { dim: [1, 2] } });
    L.ReLU(n.x);
    n.sum = L.Eltwise(L.ReLU(L.InnerProduct(n.x, { num_output: 2 })), L.InnerProduct(n.x, { num_output: 2 }));
    expect(named(n.toProto())).toEqual([
      "x:  -> x",
      "InnerProduct1: x -> InnerProduct1",
      "ReLU1: InnerProduct1 -> ReLU1",
      "InnerProduct2: x -> InnerProduct2",
      "sum: ReLU1,InnerProduct2 -> sum",
    ]);
  });

  test("a layer has that of its first top", () => {
    const n = new NetSpec();
    let first: Top;
    [first, n.label] = L.DummyData({ shape: { dim: 2 }, ntop: 2 });
    n.copy = L.Split(first);
    expect(named(n.toProto())).toEqual(["DummyData1:  -> DummyData1,label", "copy: DummyData1 -> copy"]);
  });

  test("in place the top is the bottom, and the layer has its own", () => {
    const n = new NetSpec();
    n.x = L.Input({ shape: { dim: 2 } });
    n.y = L.Dropout(L.ReLU(n.x, { in_place: true }), { in_place: true, dropout_ratio: 0.3 });
    n.z = L.Power(n.y);
    expect(named(n.toProto())).toEqual(["x:  -> x", "ReLU1: x -> x", "y: x -> x", "z: x -> z"]);
  });

  test("a layer without tops can be assigned too; top and bottom can be given as fields", () => {
    const n = new NetSpec();
    n.train = L.Input({ ntop: 0, top: ["data", "label"], name: "data", include: { phase: "TRAIN" } });
    n.quiet = L.Silence({ ntop: 0, bottom: "label" });
    expectNet(
      n.toProto(),
      `layer { name: "data" type: "Input" top: "data" top: "label" include { phase: TRAIN } }
       layer { name: "quiet" type: "Silence" bottom: "label" }`,
    );
  });

  test("assigned again, a name is for the new top; a top has the name it got last", () => {
    const n = new NetSpec();
    n.x = L.Input({ shape: { dim: 2 } });
    n.h = L.TanH(n.x);
    n.h = L.TanH(n.h);
    n.out = n.h;
    expect(named(n.toProto())).toEqual(["x:  -> x", "TanH1: x -> TanH1", "out: TanH1 -> out"]);
  });

  test("a number that is taken is not given again, where pycaffe writes a net that fails", () => {
    const n = new NetSpec();
    n.TanH1 = L.Input({ shape: { dim: 2 } });
    n.y = L.TanH(L.TanH(n.TanH1));
    expect(named(n.toProto())).toEqual(["TanH1:  -> TanH1", "TanH2: TanH1 -> TanH2", "y: TanH2 -> y"]);
  });

  test("tops can be written without a spec, all named by themselves", () => {
    const x = L.Input({ shape: { dim: 2 } });
    expect(named(toProto(L.TanH(x), L.ReLU(x)))).toEqual([
      "Input1:  -> Input1",
      "TanH1: Input1 -> TanH1",
      "ReLU1: Input1 -> ReLU1",
    ]);
  });

  test("any blob name will do", () => {
    const n = new NetSpec();
    n["fire2/squeeze1x1"] = L.Input({ shape: { dim: 2 } });
    n.layer = L.TanH(n["fire2/squeeze1x1"]);
    expect(named(n.toProto())).toEqual(["fire2/squeeze1x1:  -> fire2/squeeze1x1", "layer: fire2/squeeze1x1 -> layer"]);
    expect(Object.keys(n)).toEqual(["fire2/squeeze1x1", "layer"]);
  });
});

describe("fields", () => {
  const layer = (top: Top) => {
    const [first] = toProto(top).layer;
    return formatNet(create(NetParameterSchema, { layer: first ? [first] : [] })).replace(/\s+/g, " ");
  };

  test("of the type's own message, of LayerParameter, and whole messages, together", () => {
    const top = L.Data({
      source: "lmdb",
      data_param: { backend: "LMDB" },
      batch_size: 64,
      transform_param: { mirror: true, mean_value: [104, 117, 123], scale: 0.1 },
      include: [{ phase: "TRAIN" }, { stage: "a", not_stage: ["b", "c"] }],
      phase: undefined,
    });
    expect(layer(top)).toBe(
      'layer { name: "Data1" type: "Data" top: "Data1" include { phase: TRAIN } include { stage: "a" ' +
        'not_stage: "b" not_stage: "c" } transform_param { scale: 0.1 mirror: true mean_value: 104 mean_value: 117 ' +
        'mean_value: 123 } data_param { source: "lmdb" batch_size: 64 backend: LMDB } } ',
    );
  });

  test("of messages named after other types", () => {
    expect(layer(L.LSTM({ num_output: 3, expose_hidden: true, ntop: 3 })[0])).toContain(
      "recurrent_param { num_output: 3 expose_hidden: true }",
    );
    expect(layer(L.Deconvolution({ kernel_size: [1, 2] }))).toContain(
      "convolution_param { kernel_size: 1 kernel_size: 2 }",
    );
    expect(layer(L.SoftmaxWithLoss({ ignore_label: 255, softmax_param: { axis: 2 }, loss_weight: 3 }))).toContain(
      "loss_weight: 3 loss_param { ignore_label: 255 } softmax_param { axis: 2 }",
    );
  });

  test("of 64 bits, and of layers of one's own", () => {
    const x = L.Input({ shape: { dim: [2, 3n, 2 ** 40] } });
    expect(layer(x)).toContain("dim: 2 dim: 3 dim: 1099511627776");
    expect(layer(L.Python({ module: "m", layer: "l", param_str: "{}" }))).toContain(
      'python_param { module: "m" layer: "l" param_str: "{}" }',
    );
    expect(layer(L.of("Mine")({ loss_weight: 1, convolution_param: { num_output: 2 } }))).toContain(
      'type: "Mine" top: "Mine1" loss_weight: 1 convolution_param { num_output: 2 }',
    );
  });
});

test("there is a function for every layer type, with types for its fields", () => {
  const types: readonly LayerType[] = layers.map(({ type }) => type);
  for (const type of types) expect(toProto(L[type]()).layer[0].type).toBe(type);
});

test("a type that reads another's message names a field that there is, and that it reads", () => {
  const named = layers.flatMap(({ type, paramField }) => (paramField ? [[type, paramField] as const] : []));
  const fields = LayerParameterSchema.fields.map(({ name }) => name);
  for (const [, field] of named) expect(fields).toContain(field);
  expect(Object.fromEntries(named)).toMatchObject({
    ...{ Convolution: "convolution_param", Deconvolution: "convolution_param", Im2col: "convolution_param" },
    ...{ LSTM: "recurrent_param", RNN: "recurrent_param" },
    ...{ SigmoidCrossEntropyLoss: "loss_param", SoftmaxWithLoss: "loss_param" },
  });
});

test.each<() => unknown>([
  // @ts-expect-error there is no such type
  () => L.Convolutoin(),
  // @ts-expect-error messages that are named after no layer make no types
  () => L.Recurrent(),
  // @ts-expect-error there is no such field
  () => L.Convolution({ num_outputs: 2 }),
  // @ts-expect-error fields are named as in the prototxt
  () => L.Convolution({ kernelSize: 2 }),
  // @ts-expect-error this is a field of another type
  () => L.Sigmoid({ negative_slope: 2 }),
  // @ts-expect-error there is no such field
  () => L.Convolution({ weight_filler: { typ: "xavier" } }),
  // @ts-expect-error this is not a number
  () => L.Convolution({ num_output: "2" }),
  // @ts-expect-error there is no such value
  () => L.Pooling({ pool: "MEAN" }),
  // @ts-expect-error this is the value of another enum
  () => L.Pooling({ pool: P.Reduction.MEAN }),
  // @ts-expect-error this is a message
  () => L.Convolution({ weight_filler: "xavier" }),
  // @ts-expect-error a layer with two tops gives a list
  () => L.ReLU(L.Slice({ ntop: 2 })),
  // @ts-expect-error of two tops there is no third
  () => L.ReLU(L.Slice({ ntop: 2 })[2]),
  // @ts-expect-error bottoms stand first
  () => L.ReLU({ negative_slope: 1 }, L.Input()),
])("refuses what TypeScript refuses: %s", (run) => {
  expect(run).toThrow(MokaError);
});

describe("says what is wrong:", () => {
  /** Without its types. */
  const U = L as unknown as Record<string, (...args: unknown[]) => unknown>;
  const n = new NetSpec() as Record<string, unknown>;
  const x = L.Input({ shape: { dim: 2 } });

  test.each<[() => unknown, string]>([
    [() => U.Convolutoin(x), "there is no layer type Convolutoin; did you mean L.Convolution?"],
    [() => U.Mine(x), 'there is no layer type Mine; for one of your own, take L.of("Mine")'],
    [() => U.Recurrent(x), 'there is no layer type Recurrent; for one of your own, take L.of("Recurrent")'],
    [() => U.ReLU(x, { negative_slop: 2 }), "L.ReLU has no parameter negative_slop; did you mean negative_slope?"],
    [() => U.ReLU(x, { negativeSlope: 2 }), "L.ReLU has no parameter negativeSlope; did you mean negative_slope?"],
    [
      () => U.Sigmoid(x, { negative_slope: 2 }),
      "L.Sigmoid has no parameter negative_slope; it is a field of relu_param",
    ],
    [() => U.ReLU(x, { type: "TanH" }), "L.ReLU has no parameter type"],
    [
      () => U.Scale(x, { filler: { varience_norm: 1 } }),
      "L.Scale: filler.varience_norm: FillerParameter has no such field; did you mean variance_norm?",
    ],
    [() => U.Bias(x, { param: [{ lr_mult: 1 }, { lr: 1 }] }), "L.Bias: param.lr: ParamSpec has no such field"],
    [() => U.Tile(x, { tiles: "2" }), 'L.Tile: tiles: expected number (int32), got "2"'],
    [() => U.Tile(x, { tiles: 1.5 }), "L.Tile: tiles: expected number (int32), got 1.5"],
    [() => U.LSTM(x, { num_output: -2 }), "L.LSTM: num_output: expected number (uint32): -2 out of range"],
    [() => U.Pooling(x, { pool: "MEAN" }), 'L.Pooling: pool: expected MAX, AVE, STOCHASTIC, got "MEAN"'],
    [() => U.Pooling(x, { pool: 7 }), "L.Pooling: pool: expected MAX, AVE, STOCHASTIC, got 7"],
    [
      () => U.Scale(x, { filler: "xavier" }),
      'L.Scale: filler: expected an object with fields of FillerParameter, got "xavier"',
    ],
    [() => U.Bias(x, { param: [1] }), "L.Bias: param: expected an object with fields of ParamSpec, got 1"],
    [() => U.Tile(x, { tiles: null }), "L.Tile: tiles: expected number (int32), got null"],
    [() => U.ReLU(x, { ntop: -1 }), "L.ReLU: ntop must be 0, 1, 2, …, not -1"],
    [() => U.ReLU(x, { in_place: 1 }), "L.ReLU: in_place must be true or false"],
    [() => U.Input({ in_place: true }), "L.Input: in place there cannot be 1 tops of 0 bottoms"],
    [() => U.ReLU(n.y), "L.ReLU: bottom 0 must be a top, not undefined; nothing was assigned to that name before"],
    [() => U.ReLU(U.Slice(x, { ntop: 2 })), "L.ReLU: bottom 0 must be a top, not a list of 2"],
    [() => U.ReLU({}, x), "L.ReLU: bottom 0 must be a top, not an object"],
    [() => U.ReLU(U.Silence(x, { ntop: 0 })), "L.ReLU: bottom 0 is a layer without tops, of type Silence"],
    [() => Object.assign(n, { y: 3 }), "y must be a top, not 3"],
    [() => Object.assign(n, { toProto: x }), "no blob can be named toProto in a NetSpec"],
  ])("%s", (run, message) => {
    expect(run).toThrow(MokaError);
    expect(run).toThrow(message);
  });
});

test("numbers are printed as people write them, and read as the same", () => {
  const n = new NetSpec();
  const values = [0.1, 1 / 3, 0.1234567, 0.00001, 1e-7, 123.6801, 16777216, 1e20, -0.00390625, 2 ** -140, 3.4028235e38];
  n.x = L.Input({ shape: { dim: 1 } });
  n.y = L.Eltwise(n.x, n.x, { coeff: values });
  n.z = L.Power(n.y, { power: Infinity, scale: -0, shift: Number.NaN });
  const printed = [...String(n).matchAll(/(?:coeff|power|scale|shift): (.*)/g)].map(([, number]) => number);
  expect(printed).toEqual([
    ...["0.1", "0.33333334", "0.1234567", "0.00001", "1e-7", "123.6801", "16777216", "100000000000000000000"],
    ...["-0.00390625", "7.17465e-43", "3.4028235e+38", "inf", "-0", "nan"],
  ]);
  expect(formatNet(parsed(String(n)))).toBe(formatNet(n.toProto()));
});

test("each number printed is the one given, whatever its bits", () => {
  const bits = new Uint32Array(1);
  const single = new Float32Array(bits.buffer);
  for (let i = 0; i < 2000; i++) {
    bits[0] = Math.imul(i, 2654435761);
    if (!Number.isFinite(single[0])) continue;
    const n = new NetSpec();
    n.y = L.Power(L.Input({ shape: { dim: 1 } }), { shift: single[0] });
    const [, text = ""] = /shift: (.*)/.exec(String(n)) ?? [];
    expect(Math.fround(Number(text)), text).toBe(single[0]);
  }
});
