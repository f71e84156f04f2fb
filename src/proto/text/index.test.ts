// The messages that are read, and their issues. Caffe refuses what `protoc --encode` of protobuf 3.21.12, which
// has the same parser as Caffe, refuses with Caffe's schema.
import { describe, expect, test } from "vitest";
import { BlobProtoVectorSchema, DatumSchema, type LayerParameter, NetParameterSchema } from "../gen/caffe_pb.js";
import { unknownFieldsOf } from "../source.js";
import { formatText, parseNet, parseSolver, parseText } from "./index.js";

/** The net, printed on one line, and its issues. */
function read(text: string) {
  const { message, issues } = parseNet(text);
  return {
    net: formatText(NetParameterSchema, message, { unicode: true }).replace(/\s+/g, " ").trim(),
    issues: issues.map(({ code, line, column }) => `${line}:${column} ${code.replace("MOKA_TEXT_", "")}`),
    issue: issues[0],
  };
}

describe("accepts what Caffe accepts", () => {
  test.each([
    ["", ""],
    ['name: "a" input_dim: 3', 'name: "a" input_dim: 3'],
    ["name:'a'", 'name: "a"'],
    ['name: "a" \'b\'\n # c\n "c"', 'name: "abc"'],
    ['name: "é" # ü', 'name: "é"'],
    ['name: "a";input_dim:1,input_dim:2', 'name: "a" input_dim: 1 input_dim: 2'],
    ["state { }", "state { }"],
    ["state: < level: 1 >", "state { level: 1 }"],
    ["input_dim: [1, 2,3]", "input_dim: 1 input_dim: 2 input_dim: 3"],
    ["input_dim: []", ""],
    ['input_dim: [1] input_dim: 2 input: "a"', 'input: "a" input_dim: 1 input_dim: 2'],
    ['layer: [{ name: "a" }, < name: "b" >]', 'layer { name: "a" } layer { name: "b" }'],
    ['layer [{ name: "a" }]', 'layer { name: "a" }'],
    [
      "input_dim: 0x1F input_dim: 010 input_dim: -5 input_dim: - 5",
      "input_dim: 31 input_dim: 8 input_dim: -5 input_dim: -5",
    ],
    ["input_dim: -0", "input_dim: 0"],
    ["input_dim: -2147483648 input_dim: 0x7fffffff", "input_dim: -2147483648 input_dim: 2147483647"],
    [
      "input_shape { dim: 9223372036854775807 dim: -9223372036854775808 }",
      "input_shape { dim: 9223372036854775807 dim: -9223372036854775808 }",
    ],
    [
      "layer { loss_weight: [5., .5, 5f, 1.5F, 1e-8, 1E+3, 0.1, -inf, nan, INF, Infinity, - nan, 7] }",
      "layer { loss_weight: 5 loss_weight: 0.5 loss_weight: 5 loss_weight: 1.5 loss_weight: 1e-08 loss_weight: 1000 " +
        "loss_weight: 0.1 loss_weight: -inf loss_weight: nan loss_weight: inf loss_weight: inf loss_weight: nan loss_weight: 7 }",
    ],
    [
      "layer { loss_weight: 1e39 loss_weight: 99999999999999999999999 }",
      "layer { loss_weight: inf loss_weight: 1e+23 }",
    ],
    ["force_backward: true debug_info: f", "force_backward: true debug_info: false"],
    ["force_backward: False debug_info: 1", "force_backward: false debug_info: true"],
    ["force_backward: 0x1 debug_info: 00", "force_backward: true debug_info: false"],
    ["layer { phase: TEST }", "layer { phase: TEST }"],
    ["layer { phase: 1 }", "layer { phase: TEST }"],
  ])("%s", (text, net) => {
    expect(read(text)).toEqual({ net, issues: [], issue: undefined });
  });

  test("numbers as the schema has them", () => {
    const { message } = parseNet("layer { loss_weight: 0.1 } input_shape { dim: 3 } input_dim: 4");
    expect(message.layer[0].lossWeight).toEqual([Math.fround(0.1)]);
    expect(message.inputShape[0].dim).toEqual([3n]);
    expect(message.inputDim).toEqual([4]);
    expect(parseSolver("random_seed: -1").message.randomSeed).toBe(-1n);
    const { message: blobs } = parseText(BlobProtoVectorSchema, "blobs { double_data: 0.1 }");
    expect(blobs.blobs[0].doubleData).toEqual([0.1]);
    const { message: datum } = parseText(DatumSchema, String.raw`data: "\000\377é" 'x'`);
    expect([...(datum.data ?? [])]).toEqual([0, 255, 0xc3, 0xa9, 120]);
  });

  test("an empty text gives a message with empty lists and no own fields", () => {
    const { message } = parseNet("");
    expect(message.layer).toEqual([]);
    expect(Object.hasOwn(message, "name")).toBe(false);
  });
});

describe("reads with a warning", () => {
  test.each([
    // the text, the net, the issues
    ['\ufeffname: "a"', 'name: "a"', ["1:1 CHARACTER"]],
    ['name:\u00a0"a"\u200b', 'name: "a"', ["1:6 CHARACTER", "1:10 CHARACTER"]],
    ['name: "a" name: "b"', 'name: "b"', ["1:11 REPEATED"]],
    [
      'state { level: 1 stage: "x" } state { stage: "y" }',
      'state { level: 1 stage: "x" stage: "y" }',
      ["1:31 REPEATED"],
    ],
    ["state { level: 1 } state { level: 2 }", "state { level: 2 }", ["1:20 REPEATED", "1:28 REPEATED"]],
    ["name: fixed", 'name: "fixed"', ["1:7 QUOTES"]],
    ["name: VGG-16", 'name: "VGG-16"', ["1:7 QUOTES"]],
    [
      "name: ./data/x_1.db\ninput: C:\\x\\y",
      String.raw`name: "./data/x_1.db" input: "C:\\x\\y"`,
      ["1:7 QUOTES", "2:8 QUOTES"],
    ],
    ['layer { phase: "TEST" }', "layer { phase: TEST }", ["1:16 QUOTES"]],
    ['input_dim: "64"', "input_dim: 64", ["1:12 QUOTES"]],
    ['force_backward: "true"', "force_backward: true", ["1:17 QUOTES"]],
    ["layer { loss_weight: '.5' }", "layer { loss_weight: 0.5 }", ["1:22 QUOTES"]],
    ["layer { phase: test }", "layer { phase: TEST }", ["1:16 SPELLING"]],
    ["force_backward: TRUE", "force_backward: true", ["1:17 SPELLING"]],
    ["input_dim: 64.0", "input_dim: 64", ["1:12 SPELLING"]],
    ["input_dim: 1e3", "input_dim: 1000", ["1:12 SPELLING"]],
    ["input_dim: 08", "input_dim: 8", ["1:12 SPELLING"]],
    ["input_dim: +5", "input_dim: 5", ["1:12 SPELLING"]],
    ["layer { loss_weight: 0x10 }", "layer { loss_weight: 16 }", ["1:22 SPELLING"]],
    ["layer { loss_weight: 00.5 }", "layer { loss_weight: 0.5 }", ["1:22 SPELLING"]],
    ["input_dim: 64force_backward: 1", "input_dim: 64 force_backward: true", ["1:12 GLUED"]],
    ["input_dim: 5force_backward: 1", "input_dim: 5 force_backward: true", ["1:12 GLUED"]],
    ["input_dim: 224X224", "input_dim: 224", ["1:12 GLUED"]],
    ["force_backward: [1, 0]", "force_backward: true", ["1:17 LIST"]],
    ["force_backward: []", "", ["1:17 LIST"]],
    ["state: [{ level: 1 }, { level: 2 }]", "state { level: 1 }", ["1:8 LIST"]],
    ["input_dim 5", "input_dim: 5", ["1:11 PUNCTUATION"]],
    ["input_dim=5", "input_dim: 5", ["1:10 PUNCTUATION"]],
    ["input_dim: 5;;", "input_dim: 5", ["1:14 PUNCTUATION"]],
    ["state { level: 1 >", "state { level: 1 }", ["1:18 PUNCTUATION"]],
    [String.raw`name: "C:\data"`, String.raw`name: "C:\\data"`, ["1:7 ESCAPE"]],
    ["state { level: 1stage: 'x' }", 'state { level: 1 stage: "x" }', ["1:16 GLUED"]],
  ])("%s", (text, net, issues) => {
    expect(read(text)).toMatchObject({ net, issues });
    expect(parseNet(text).issues.every(({ severity, caffeRefuses }) => severity === "warning" && caffeRefuses)).toBe(
      true,
    );
  });

  test("bytes that are no UTF-8, which Caffe takes", () => {
    const { message, issues } = parseNet(String.raw`name: "a\377"`);
    expect(message.name).toBe("a\ufffd");
    expect(issues).toMatchObject([{ code: "MOKA_TEXT_ENCODING", severity: "warning", caffeRefuses: false }]);
  });
});

describe("reports what is lost, and reads the rest", () => {
  test.each([
    ["input_dim: abc input_dim: 2", "input_dim: abc input_dim: 2", ["1:12 VALUE"]],
    ["input_dim: 0.5", "input_dim: 0.5", ["1:12 VALUE"]],
    ["input_dim: inf", "input_dim: inf", ["1:12 VALUE"]],
    ["input_dim: 1.2.3", "input_dim: 1.2.3", ["1:12 VALUE"]],
    ["input_dim: 3.5abc", "input_dim: 3.5abc", ["1:12 VALUE"]],
    ["input_dim: 2147483648", "input_dim: 2147483648", ["1:12 RANGE"]],
    ["input_dim: -2147483649", "input_dim: -2147483649", ["1:12 RANGE"]],
    ["input_dim: 1e30", "input_dim: 1e30", ["1:12 RANGE"]],
    [`input_dim: ${"9".repeat(50)}`, `input_dim: ${"9".repeat(50)}`, ["1:12 RANGE"]],
    ["input_shape { dim: 9223372036854775808 }", "input_shape { dim: 9223372036854775808 }", ["1:20 RANGE"]],
    [
      "layer { convolution_param { num_output: -1 } }",
      "layer { convolution_param { num_output: -1 } }",
      ["1:41 RANGE"],
    ],
    ["layer { loss_weight: 010 }", "layer { loss_weight: 010 }", ["1:22 VALUE"]],
    ["layer { loss_weight: x }", "layer { loss_weight: x }", ["1:22 VALUE"]],
    ["force_backward: 2", "force_backward: 2", ["1:17 VALUE"]],
    ["force_backward: maybe", "force_backward: maybe", ["1:17 VALUE"]],
    ["name: 5", "name: 5", ["1:7 VALUE"]],
    ['name { x: 1 } input: "b"', 'name { x: 1 } input: "b"', ["1:6 VALUE"]],
    ["state: 5 debug_info: 1", "state: 5 debug_info: true", ["1:8 VALUE"]],
    ["layer { phase: RUN }", "layer { phase: RUN }", ["1:16 UNKNOWN_ENUM"]],
    ["layer { phase: 7 }", "layer { phase: 7 }", ["1:16 UNKNOWN_ENUM"]],
    ['name: "a\ninput_dim: 2', 'name: "a" input_dim: 2', ["1:7 UNCLOSED"]],
    ['} name: "a"', 'name: "a"', ["1:1 SYNTAX"]],
    ["input_dim: input_dim: 2", "input_dim: 2", ["1:12 MISSING_VALUE"]],
    ["layer { clip_param { min: 1 } }", "layer { clip_param { min: 1 } }", ["1:9 REQUIRED"]],
    ["layer { clip_param { } }", "layer { clip_param { } }", ["1:9 REQUIRED", "1:9 REQUIRED"]],
    [
      "layer { clip_param { min: 1 } clip_param { max: 2 } }",
      "layer { clip_param { min: 1 max: 2 } }",
      ["1:31 REPEATED"],
    ],
  ])("%s", (text, net, issues) => {
    expect(read(text)).toMatchObject({ net, issues });
    if (!issues[0].endsWith("REPEATED")) {
      expect(read(text).issue).toMatchObject({ severity: "error", caffeRefuses: true });
    }
  });

  test("a list continues after a value that it cannot hold", () => {
    const { message, issues } = parseNet('input_dim: [1, x, 3, { }, [4], "5", 1e99]');
    expect(message.inputDim).toEqual([1, 3, 5]);
    expect(issues.map(({ column }) => column)).toEqual([16, 22, 27, 32, 37]);
  });

  test("an enum's number is kept even if it has no name", () => {
    expect(parseNet("layer { phase: 7 }").message.layer[0].phase).toBe(7);
  });
});

test("a number before a name that has a digit too many in front", () => {
  const { message, issues } = parseNet("layer { param { lr_mult: 1 1decay_mult: 2 } }");
  expect(message.layer[0].param[0]).toMatchObject({ lrMult: 1, decayMult: 2 });
  expect(issues.map(({ code }) => code)).toEqual(["MOKA_TEXT_GLUED", "MOKA_TEXT_SYNTAX"]);
});

describe("fields that Caffe does not have", () => {
  const text = 'layer { name: "a" own_param { order: [0, 2] } top: "b" }';

  test("are reported as such", () => {
    const { issues } = parseNet(text, { file: "ssd.prototxt" });
    expect(issues).toEqual([
      {
        code: "MOKA_TEXT_UNKNOWN_FIELD",
        severity: "warning",
        line: 1,
        column: 19,
        message: "LayerParameter has no field own_param",
        caffeRefuses: true,
      },
    ]);
  });

  test("are kept with their message", () => {
    const { message } = parseNet(text);
    expect(unknownFieldsOf(message)).toEqual([]);
    expect(unknownFieldsOf(message.layer[0])).toMatchObject([
      { name: "own_param", reason: "name", after: { field: "name", index: 0 }, value: { kind: "message" } },
    ]);
    expect(unknownFieldsOf(parseNet("layer { phase: RUN }").message.layer[0])).toMatchObject([
      { name: "phase", reason: "value", after: undefined, value: { kind: "scalar", text: "RUN" } },
    ]);
  });

  test("but a fork has, are read, and reported once for each name", () => {
    const { message, issues } = parseNet("layer { permute_param { order: 1 } } layer { permute_param { order: 0 } }");
    expect(message.layer.map(({ permuteParam }) => permuteParam?.order)).toEqual([[1], [0]]);
    expect(issues).toEqual([
      {
        code: "MOKA_TEXT_FORK_FIELD",
        severity: "warning",
        line: 1,
        column: 9,
        message: "LayerParameter has no field permute_param in BVLC's Caffe; it is read as a fork's",
        caffeRefuses: true,
      },
    ]);
  });

  test("are still checked for what Caffe's reader cannot skip", () => {
    expect(read("fork { a: b/c }").issues).toEqual(["1:1 UNKNOWN_FIELD", "1:11 QUOTES"]);
    expect(read("fork: [08, 'a\\q']").issues).toEqual(["1:1 UNKNOWN_FIELD", "1:8 SPELLING", "1:12 ESCAPE"]);
    expect(read("fork: { a: [1, -inf, { b: c }] } [x.y] < z: 'a' 'b' >").issues).toEqual([
      "1:1 UNKNOWN_FIELD",
      "1:34 UNKNOWN_FIELD",
    ]);
  });
});

test.each([
  ["layer { botom: 'a' }", "LayerParameter has no field botom; did you mean bottom?"],
  [
    "layer { use_global_stats: true }",
    "LayerParameter has no field use_global_stats; it is a field of batch_norm_param",
  ],
  [
    "layer { convolution_param { pad_l: 1 } }",
    "ConvolutionParameter has no field pad_l in BVLC's Caffe; it is read as a fork's",
  ],
  [
    "layer { pooling_param { pool: AVE_EXC_PAD } }",
    "pool has no value AVE_EXC_PAD in BVLC's Caffe; it is read as a fork's",
  ],
  ["layer { pooling_param { pool: AVE_EXC } }", "pool: AVE_EXC is none of MAX, AVE, STOCHASTIC"],
  ["layers { type: RELLU }", "type: RELLU is none of the values of LayerType; did you mean RELU?"],
  ["input_dim: 'a b'", "input_dim: expected an integer, got 'a b'"],
  ["layer { name: 'a' ", "this { is not closed before the end of the file"],
  [`name: 5${"5".repeat(100)}`, `name: expected a string in quotes, got ${"5".repeat(39)}…`],
  ["layer { clip_param { max: 1 } }", "ClipParameter needs the field min"],
  ["force_backward: [1]", "force_backward takes one value, not a list; the first counts"],
])("says of %s what is wrong", (text, message) => {
  expect(read(text).issue?.message).toBe(message);
});

test("reports everything, in the order of the text", () => {
  const { issues } = parseNet("layer { clip_param { } foo: 1 phase: RUN }\nname: 5 input_dim: x }");
  const places = issues.map(({ line, column }) => [line, column]);
  expect(places).toEqual([
    [1, 9],
    [1, 9],
    [1, 24],
    [1, 38],
    [2, 7],
    [2, 20],
    [2, 22],
  ]);
});

test("a real mistake: a brace missing in the first of three layers costs no other layer", () => {
  const { message, issues } = parseNet(
    'layer {\n  name: "a"\n  input_param { shape { dim: 1 }\n}\nlayer {\n  name: "b"\n}\nlayer {\n  name: "c"\n}\n',
  );
  const names = (layers: readonly LayerParameter[]) => layers.map(({ name }) => name);
  expect(names(message.layer)).toEqual(["a", "b", "c"]);
  expect(issues).toMatchObject([{ code: "MOKA_TEXT_UNCLOSED", line: 1, column: 7 }]);
});
