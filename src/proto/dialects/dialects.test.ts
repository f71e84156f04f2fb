import { readdirSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { forkNames } from "../../../scripts/proto.mjs";
import { messages } from "../../../test/messages.js";
import { concat } from "../../util/bytes.js";
import { readNet, writeNet } from "../binary/index.js";
import { LayerParameterSchema, NetParameterSchema } from "../gen/caffe_pb.js";
import { readDialectOf, setReadDialect } from "../source.js";
import { formatText, parseNet } from "../text/index.js";
import { dialectNamed, dialects, dialectsOf, Numberings } from "./index.js";

const net = (text: string) => parseNet(text).message;
const text = (message: ReturnType<typeof net>) => formatText(NetParameterSchema, message);

/** A layer in a file: its type, and its settings as bytes under a number. */
function file(type: string, number: number, settings: Uint8Array, name = "a"): Uint8Array {
  const layer = new BinaryWriter();
  layer.tag(1, WireType.LengthDelimited).string(name);
  layer.tag(2, WireType.LengthDelimited).string(type);
  layer.tag(number, WireType.LengthDelimited).bytes(settings);
  return new BinaryWriter().tag(100, WireType.LengthDelimited).bytes(layer.finish()).finish();
}

const varint = (number: number, value: number) =>
  new BinaryWriter().tag(number, WireType.Varint).uint32(value).finish();
const single = (number: number, value: number) => new BinaryWriter().tag(number, WireType.Bit32).float(value).finish();

test("each file of a fork has its row", () => {
  const files = readdirSync(new URL(".", import.meta.url)).filter((name) => name.endsWith(".proto"));
  expect(files.map((name) => name.slice(0, -6)).sort()).toEqual([...forkNames].sort());
  expect(dialects().map(({ name }) => name)).toEqual(forkNames);
});

describe("a binary net", () => {
  test.each([
    ["Upsample", 137, varint(1, 3), "upsample_param {\n    scale: 3", "segnet"],
    ["Interp", 143, varint(1, 33), "interp_param {\n    height: 33", "pspnet"],
    ["CenterLoss", 147, varint(1, 10), "center_loss_param {\n    num_output: 10", "caffe-face"],
    ["Reorg", 149, varint(1, 2), "reorg_param {\n    stride: 2", "eric612"],
    ["PSROIPooling", 10001, single(1, 0.0625), "psroi_pooling_param {\n    spatial_scale: 0.0625", "r-fcn"],
    ["ROIPooling", 8266711, varint(1, 7), "roi_pooling_param {\n    pooled_h: 7", "fast-rcnn"],
    ["Permute", 202, varint(1, 2), "permute_param {\n    order: 2", "ssd"],
    ["Embed", 137, varint(1, 2), "embed_param {\n    num_output: 2", undefined],
  ])("with a %s is read by type and number, as %s, and written as it was", (type, number, settings, wanted, fork) => {
    const bytes = file(type, number, settings);
    const read = readNet(bytes);
    expect(text(read)).toContain(wanted);
    expect(readDialectOf(read)?.name).toBe(fork);
    expect(concat(writeNet(read))).toEqual(bytes);
  });

  test("that two forks read with different meanings says so, and the caller decides", () => {
    // SegNet's `scale`, or the first field of another fork.
    const bytes = file("Unheard", 147, varint(1, 2));
    const read = readNet(bytes);
    expect(readDialectOf(read)?.unsure).toMatchObject([{ layer: "a", others: expect.arrayContaining(["caffe-face"]) }]);
    expect(text(readNet(bytes, "x", { dialect: "caffe-face" }))).toContain("center_loss_param");
    expect(() => readNet(bytes, "x", { dialect: "cafe" })).toThrow('there is no dialect "cafe"; there are bvlc, ssd');
    expect(concat(writeNet(read))).toEqual(bytes);
  });

  test("keeps fields that nobody knows", () => {
    const bytes = file("Permute", 202, concat([varint(1, 2), varint(77, 5)]));
    expect(concat(writeNet(readNet(bytes)))).toEqual(bytes);
  });

  test("has the numbers of the net's fork for fields of BVLC's that it has changed", () => {
    // Synopsys has pad_type where BVLC has round_mode.
    const pooling = concat([varint(13, 1), varint(14, 0)]);
    expect(text(readNet(file("Pooling", 121, pooling), "x", { dialect: "synopsys" }))).toMatch(
      /pad_type: 1[\s\S]*ceil_mode: false/,
    );
  });
});

describe("a text", () => {
  test.each([
    'layer { name: "a" type: "Upsample" upsample_param { scale: 2 upsample_h: 3 } }',
    'layer { name: "a" type: "BN" bn_param { slope_filler { value: 1 } momentum: 0.9 } }',
    'layer { name: "a" type: "BN" bn_param { scale_filler { value: 1 } bn_mode: INFERENCE } }',
    'layer { name: "a" type: "Pooling" pooling_param { pool: AVE_EXC_PAD ceil_mode: false } }',
    'layer { name: "a" type: "Own" own_param { x: "y" z { w: 1 } } }',
    'bn_stats_batch_size: 32 layer { name: "a" type: "Data" data_param { shuffle: true backend: LMDB } }',
    'layer { name: "a" type: "SmoothL1Loss" smooth_l1_loss_param { sigma: 3 } interp_param { zoom_factor: 2 } reorg_param { stride: 2 } }',
    'layer { name: "a" permute_param { order: 1 own: 2 } }',
  ])("%s comes back from binary", (written) => {
    const before = net(written);
    expect(text(readNet(concat(writeNet(before))))).toBe(text(before));
  });

  test("is written with the numbers of its fork", () => {
    const message = net('layer { type: "Upsample" upsample_param { scale: 3 } }');
    setReadDialect(message, { name: "segnet", isMarked: false, unsure: [] });
    const segnet = concat(writeNet(message));
    const other = concat(writeNet(message, "eric612"));
    expect(segnet).toEqual(
      concat([
        Uint8Array.of(0xa2, 6, 15, 18, 8),
        new TextEncoder().encode("Upsample"),
        Uint8Array.of(0xca, 8, 2, 8, 3),
      ]),
    );
    expect(other).not.toEqual(segnet);
  });
});

test("the forks that a net may be for are ranked by what it has", () => {
  const of = (written: string) => dialectsOf(net(written));
  expect(of('layer { type: "Convolution" convolution_param { num_output: 1 } }')).toEqual([]);
  expect(of('layer { type: "PriorBox" prior_box_param { min_size: 1 } }')[0]).toBe("ssd");
  expect(of('layer { type: "BN" bn_param { bn_mode: LEARN } }')[0]).toBe("segnet");
  expect(of('layer { type: "BN" bn_param { momentum: 0.9 frozen: true } }')[0]).toBe("pspnet");
  expect(dialectsOf(net(""), "bvlc")).toEqual([]);
  const layer = create(LayerParameterSchema, { type: "ReLU" });
  expect(new Numberings(undefined).for(LayerParameterSchema, layer).name).toBe("bvlc");
});

test.each(forkNames)("any layers of %s come back, with its numbers and without a mark too", (name) => {
  const fork = dialectNamed(name);
  if (!fork) throw new Error(`no ${name}`);
  // The numbers of blobs are beside their messages, and no text shows them.
  const layer = messages(LayerParameterSchema, 3, fork).map((each) => Object.assign(each, { blobs: [] }));
  const layers = fc.array(layer, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(layers, (some) => {
      const before = Object.assign(create(NetParameterSchema), { layer: some });
      const marked = concat(writeNet(before));
      expect(text(readNet(marked))).toBe(text(before));
      setReadDialect(before, { name, isMarked: false, unsure: [] });
      const plain = concat(writeNet(before, name));
      expect(text(readNet(plain, "any", { dialect: name }))).toBe(text(before));
    }),
    { numRuns: 25 },
  );
});

test("a layer with settings of many bytes is read", () => {
  const settings = new BinaryWriter();
  for (let i = 0; i < 30_000; i++) settings.tag(1, WireType.Bit32).float(i);
  const bytes = file("PriorBox", 203, settings.finish());
  expect(readNet(bytes).layer[0]?.priorBoxParam?.minSize).toHaveLength(30_000);
  expect(readNet(file("Unheard", 5000, new Uint8Array(300_000))).layer[0]?.$unknown).toHaveLength(1);
});

test("only layers are marked with a fork, not the net around them", () => {
  const bytes = concat(
    writeNet(
      net(`
        layer { name: "a" type: "BN" bn_param { frozen: true } }
        layer { name: "b" type: "Interp" interp_param { height: 33 width: 33 } }
        layer { name: "c" type: "ReLU" }
      `),
    ),
  );
  const marks = new TextDecoder("latin1").decode(bytes).match(/pspnet|synopsys/g);
  expect(marks).toEqual(["pspnet", "pspnet"]);
  expect(readDialectOf(readNet(bytes))).toMatchObject({ name: "pspnet", isMarked: true });
});
