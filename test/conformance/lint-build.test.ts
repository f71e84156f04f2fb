// Lint reports a layer exactly if building refuses it: tried on the golden cases of
// every layer type, with each field of its message, its bottoms and its tops changed in turn.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { create, type DescField, type Message, ScalarType } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { lintText } from "../../src/lint/lint.js";
import { rules } from "../../src/lint/rules/index.js";
import {
  FillerParameterSchema,
  type LayerParameter,
  LayerParameterSchema,
  NetParameterSchema,
  ParamSpecSchema,
} from "../../src/proto/gen/caffe_pb.js";
import { formatText, parseNet } from "../../src/proto/text/index.js";
import { MokaError, reasonOf } from "../../src/util/errors.js";
import { sharedEngines } from "../golden/engines.js";
import { lintContext } from "../lint.js";
import { netFromText } from "../nets.js";

const folder = new URL("../golden/layers/", import.meta.url);
const engineOf = sharedEngines();
const context = lintContext();

/** A change of a layer's message, and what it does in words. */
type Change = readonly [what: string, change: (layer: LayerParameter) => void];

/** Rules about the text, its layers' names and order, and param specs, which other tests hold against building. */
const others = new Set([
  "unknown-bottom",
  "duplicate-top",
  "layer-after-in-place",
  "label-gradient",
  "lr-mult-count",
  "bn-learnable-stats",
  "bn-param-specs",
]);

/** Rules about nets that are built, and compute something wrong, or what BVLC's Caffe refuses. */
const ofResults = new Set(["batch-stats-in-test", "bn-fork-fields", "bn-eps", "bn-fraction", "scale-filler"]);

/** Cases of source layers. The reference has none, because their values are random, or in files. */
const sources = {
  DummyData: `layer { name: "d" type: "DummyData" top: "a" top: "b" dummy_data_param {
    shape { dim: 2 dim: 3 } shape { dim: 2 } data_filler { type: "gaussian" } data_filler { type: "constant" value: 1 } } }`,
  Input: 'layer { name: "d" type: "Input" top: "a" input_param { shape { dim: 2 dim: 3 } } }',
  MemoryData: `layer { name: "d" type: "MemoryData" top: "a" top: "b" memory_data_param {
    batch_size: 2 channels: 1 height: 3 width: 3 } }`,
};

/** A layer type, and the text and the file of a net that has such a layer. */
type Case = readonly [type: string, text: string, file: string | undefined];

const golden = readdirSync(folder).map((type): Case => {
  const [path = ""] = readdirSync(new URL(`${type}/`, folder));
  return [type, readFileSync(new URL(`${type}/${path}/net.prototxt`, folder), "utf8"), undefined];
});

const withoutFiles = Object.entries(sources).map(([type, text]): Case => [type, text, undefined]);

/** Sources with their files. */
const withFiles = [
  ["Data", "data_transformed"],
  ["Data", "data_leveldb"],
  ["HDF5Data", "hdf5_shuffle"],
  ["ImageData", "image_resize"],
  ["WindowData", "window_warp"],
].map(([type = "", name = ""]): Case => {
  const file = fileURLToPath(new URL(`../golden/data/${name}/net.prototxt`, import.meta.url));
  return [type, readFileSync(file, "utf8"), file];
});

/**
 * Changes of which lint says nothing: files that are not there, since it may look at a net far from its data; and what a list
 * of windows holds, which it does not read.
 */
const filesAway = /(?:source|root_folder|mean_file) is (?:bogus|missing)|_threshold is/;

/** Changes that only TRAIN refuses: lint takes a net without a data layer for one that is deployed. */
const inTrain = /batch_norm_param\.(?:stats_batch_size is [^0]|relu is true)/;

const cases: Case[] = [...golden, ...withoutFiles, ...withFiles];

describe.each(cases.map(([type, text, file]) => ({ type, text, file })))("$type", ({ type, text, file }) => {
  const changes = changesOf(layerIn(parseNet(text).message, type)).filter(
    ([what]) => !inTrain.test(what) && (file === undefined || !filesAway.test(what)),
  );

  test(`${changes.length} changes`, async () => {
    const wrong: string[] = [];
    for (const [what, change] of changes) {
      const { message } = parseNet(text);
      const layer = layerIn(message, type);
      change(layer);
      const changed = formatText(NetParameterSchema, message);
      const reasons = [await refusal(changed, "TRAIN", file), await refusal(changed, "TEST", file)].filter(
        (each) => each !== undefined,
      );
      const found = await lintText(changed, file, rules, {}, context);
      const errors = found.filter(({ severity, rule }) => severity === "error" && !ofResults.has(rule));
      if (reasons.length > 0 && errors.length === 0) wrong.push(`${what}: lint is silent: ${reasons[0]}`);
      if (reasons.length === 0 && errors.length > 0) wrong.push(`${what}: is built, but ${errors[0]?.message}`);
      const said = errors.map(({ message }) => message).join("\n");
      const isOther = errors.some(({ rule }) => others.has(rule));
      if (reasons.length > 0 && errors.length > 0 && !isOther && !reasons.some((reason) => said.includes(reason)))
        wrong.push(`${what}: lint says ${said}, but building ${reasons[0]}`);
    }
    expect(wrong).toEqual([]);
  });
});

async function refusal(text: string, phase: "TRAIN" | "TEST", file?: string): Promise<string | undefined> {
  try {
    const net = await netFromText(text, { phase, engine: await engineOf("reference"), ...(file && { file }) });
    await net.dispose();
    return undefined;
  } catch (error) {
    return error instanceof MokaError ? error.reason : reasonOf(error).replace(/^\d+:\d+: /, "");
  }
}

function layerIn({ layer }: { readonly layer: readonly LayerParameter[] }, type: string): LayerParameter {
  const found = layer.find((each) => each.type === type);
  if (!found) throw new Error(`no layer ${type}`);
  return found;
}

function changesOf(layer: LayerParameter): readonly Change[] {
  const own = LayerParameterSchema.fields.filter(
    ({ name, message, fieldKind }) =>
      fieldKind === "message" && message && name.endsWith("_param") && isOf(layer, name),
  );
  return [
    ["no bottom", (each) => void each.bottom.splice(0)],
    ["one bottom less", (each) => void each.bottom.pop()],
    ["one bottom more", (each) => void each.bottom.push(...each.bottom.slice(0, 1))],
    ["one top less", (each) => void each.top.pop()],
    ["one top more", (each) => void each.top.push("another")],
    ["propagate_down", (each) => void each.propagateDown.push(...each.bottom.map(() => true), true)],
    ["loss_weight", (each) => void each.lossWeight.push(...each.top.map(() => 1), 1)],
    ["many params", (each) => void each.param.push(...Array.from({ length: 9 }, () => create(ParamSpecSchema)))],
    ...own.flatMap((field) => changesWithin(layer, field)),
  ];
}

/** Whether a field has the parameters of a layer: it is set, or named after the type. */
function isOf(layer: LayerParameter, name: string): boolean {
  const plain = (text: string) => text.toLowerCase().replaceAll("_", "");
  return plain(name) === `${plain(layer.type)}param` || fieldOf(layer, name) !== undefined;
}

function fieldOf(message: object, name: string): unknown {
  const field = LayerParameterSchema.fields.find((each) => each.name === name);
  return field && (message as Record<string, unknown>)[field.localName];
}

function changesWithin(_: LayerParameter, outer: DescField): readonly Change[] {
  const schema = outer.message;
  if (!schema) return [];
  return schema.fields.flatMap((field) =>
    valuesOf(field).map(
      ([what, value]): Change => [
        `${outer.name}.${field.name} ${what}`,
        (layer) => {
          const fields = layer as unknown as Record<string, Record<string, unknown>>;
          fields[outer.localName] ??= create(schema) as Message & Record<string, unknown>;
          const inner = fields[outer.localName] as Record<string, unknown>;
          if (value === undefined) delete inner[field.localName];
          else inner[field.localName] = value;
        },
      ],
    ),
  );
}

const fillers = [
  { type: "xaiver" },
  { type: "gaussian", std: -1 },
  { type: "gaussian", sparse: 1000 },
  { type: "xavier", sparse: 1 },
  { type: "uniform", min: 2, max: 1 },
  { type: "bilinear" },
];

/** Values to try for a field, each with its name. */
function valuesOf(field: DescField): readonly (readonly [string, unknown])[] {
  if (field.fieldKind === "message") {
    if (field.message !== FillerParameterSchema) return [["is missing", undefined]];
    return fillers.map((each) => [JSON.stringify(each), create(FillerParameterSchema, each)]);
  }
  const one = valuesOfOne(field).map((value): readonly [string, unknown] => [`is ${value}`, value]);
  if (field.fieldKind === "list") {
    const lists = one.flatMap(([what, value]) => [
      [what, [value]] as const,
      [`${what} five times`, [value, value, value, value, value]] as const,
    ]);
    return [...lists, ["is empty", []]];
  }
  return [...one, ["is missing", undefined]];
}

function valuesOfOne(field: DescField): readonly unknown[] {
  if (field.enum) return field.enum.values.map(({ number }) => number);
  switch (field.scalar) {
    case ScalarType.STRING:
      return ["bogus"];
    case ScalarType.BOOL:
      return [true, false];
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return [0, -1, 0.5];
    case ScalarType.UINT32:
      return [0, 1, 2, 7];
    case ScalarType.INT32:
      return [0, 1, -1, 2, 7, -9];
    default:
      return [];
  }
}

const data = `layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 8 dim: 4 } } }
`;
const fc = (name: string, param: string, fields = "") =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "x" top: "${name}" ${param} inner_product_param { num_output: 3 ${fields} } }
`;

describe("a layer is refused at its place", () => {
  test.each([
    [
      "a filler",
      `${data}layer { name: "f" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 3
weight_filler { type: "MSRA" } } }`,
      "3:17",
      'unknown filler type "MSRA"; there are',
    ],
    [
      "a field of a filler",
      `${data}layer { name: "f" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 3
weight_filler { type: "gaussian"
std: 0 } } }`,
      "4:1",
      "std must be above 0, not 0",
    ],
    [
      "a filler of a bias",
      `${data}layer { name: "f" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 3
bias_filler { type: "zero" } } }`,
      "3:15",
      'unknown filler type "zero"',
    ],
    [
      "a filler of data",
      `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 }
data_filler { type: "gauss" } } }`,
      "2:15",
      'did you mean "gaussian"?',
    ],
    [
      "a shape shared",
      `${data}${fc("f", 'param { name: "w" }')}layer { name: "g" type: "InnerProduct" bottom: "x" top: "g"
param { name: "w" } inner_product_param { num_output: 5 } }`,
      "4:1",
      'param "w" has shape 5 4 (20) here, but 3 4 (12)',
    ],
    [
      "a shared count",
      `${data}${fc("f", 'param { name: "w" }')}layer { name: "g" type: "InnerProduct" bottom: "x" top: "g"
param { name: "w" share_mode: PERMISSIVE } inner_product_param { num_output: 5 } }`,
      "4:1",
      "PERMISSIVE needs equal counts",
    ],
    [
      "a shared lr_mult",
      `${data}${fc("f", 'param { name: "w" lr_mult: 1 }')}layer { name: "g" type: "InnerProduct" bottom: "x" top: "g"
param { name: "w" lr_mult: 2 } inner_product_param { num_output: 3 } }`,
      "4:1",
      'shared param "w" has lr_mult 2 here',
    ],
    [
      "values in the message",
      `${data}${fc("f", "blobs { shape { dim: 3 } data: 1 data: 2 data: 3 }")}`,
      "2:1",
      "has 1 blob in its message, but needs 2",
    ],
  ])("%s", async (_, text, place, reason) => {
    const refused = await refusal(text, "TRAIN");
    expect(refused).toContain(reason);
    const found = (await lintText(text, undefined, rules, {}, context)).filter(({ severity }) => severity === "error");
    expect(found).toMatchObject([{ rule: "shape-mismatch", message: expect.stringContaining(refused ?? "") }]);
    expect(`${found[0]?.line}:${found[0]?.column}`).toBe(place);
  });

  test("though the shapes of its bottoms are not known", async () => {
    const text =
      'layer { name: "f" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 3 weight_filler { type: "MSRA" } } }\n';
    expect(await lintText(text, undefined, rules, {}, context)).toContainEqual(
      expect.objectContaining({ rule: "shape-mismatch", severity: "error", column: text.indexOf('type: "MSRA') + 1 }),
    );
    expect(await lintText(text.replace("MSRA", "msra"), undefined, rules, {}, context)).toEqual([]);
  });
});

describe("a loss weight on one of two tops", () => {
  const pool = (readers: string) => `${data.replace("dim: 8 dim: 4", "dim: 1 dim: 1 dim: 4 dim: 4")}
layer { name: "p" type: "Pooling" bottom: "x" top: "y" top: "mask" loss_weight: 2 pooling_param { kernel_size: 2 } }
${readers}`;
  const errors = async (text: string) =>
    (await lintText(text, undefined, rules, {}, context)).filter(({ severity }) => severity === "error");

  test("is refused", async () => {
    const reason = "has 1 loss_weight for 2 tops; give none, or one each";
    expect(await refusal(pool(""), "TRAIN")).toBe(reason);
    expect(await errors(pool(""))).toMatchObject([{ message: expect.stringContaining(reason) }]);
  });

  test("is taken where the Split behind that top has it, as in Caffe", async () => {
    const text = pool('layer { name: "r" type: "ReLU" bottom: "y" top: "z" }\n');
    expect(await refusal(text, "TRAIN")).toBeUndefined();
    expect(await errors(text)).toEqual([]);
  });
});

test.each([
  ["image-lists/flabel", /cannot read its data: .*flabel\.txt:1:1: expected a file, a space and a label/],
  ["hdf5-types/l_bool", /cannot read its data: .*bool\.h5: dataset "data" holds bools/],
])("data of another kind than the layer reads: %s", async (name, message) => {
  const path = fileURLToPath(new URL(`../cases/${name}.prototxt`, import.meta.url));
  const text = readFileSync(path, "utf8");
  expect(await refusal(text, "TRAIN", path)).toBeDefined();
  expect(await lintText(text, path, rules, {}, context)).toMatchObject([
    { rule: "shape-mismatch", line: 1, column: 1, message: expect.stringMatching(message) },
  ]);
});

test("the case filler-lint: each filler that does not exist, and the enum in quotes", async () => {
  const path = new URL("../cases/filler-lint/n.prototxt", import.meta.url);
  const found = await lintText(readFileSync(path, "utf8"), undefined, rules, {}, context);
  const of = (rule: string) =>
    found.flatMap((each) => (each.rule === rule ? [`${each.line} ${each.severity} ${each.message}`] : []));
  expect(of("shape-mismatch")).toEqual([
    expect.stringMatching(/^1 error .*unknown filler type "gauss".*did you mean "gaussian"\?$/),
    expect.stringMatching(/^2 error .*unknown filler type "xaiver".*did you mean "xavier"\?$/),
    expect.stringMatching(/^3 error .*unknown filler type "MSRA".*did you mean "msra"\?$/),
  ]);
  expect(of("caffe-refuses")).toContain("4 warning normalization: valid should not be in quotes");
});
