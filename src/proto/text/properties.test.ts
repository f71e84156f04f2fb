import { toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { messages } from "../../../test/messages.js";
import { BlobProtoSchema, DatumSchema, NetParameterSchema, SolverParameterSchema } from "../gen/caffe_pb.js";
import { formatNet, formatText, parseNet, parseText } from "./index.js";

test.each([NetParameterSchema, SolverParameterSchema, BlobProtoSchema, DatumSchema].map((each) => [each.name, each]))(
  "any %s is read as it was printed",
  (_, schema) => {
    fc.assert(
      fc.property(messages(schema, 3), fc.boolean(), (message, unicode) => {
        const text = formatText(schema, message as never, { unicode });
        const { message: again, issues } = parseText(schema, text);
        expect(issues).toEqual([]);
        expect(toBinary(schema, again as never)).toEqual(toBinary(schema, message as never));
        expect(formatText(schema, again as never, { unicode })).toBe(text);
      }),
      { numRuns: 150 },
    );
  },
);

const net = `name: "net"  # comment
layer {
  name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  param { lr_mult: 1 decay_mult: 0.5 } param < lr_mult: 2. >
  convolution_param { num_output: 64; kernel_size: [3, 5] pad: 0x1 weight_filler { type: 'xavier' "" } bias_term: False }
  fork_param { order: [{ a: -inf }, { b: "\\101\\303\\251" }] }
  include { phase: TEST stage: "é" }
}
layers { name: 'v1' type: RELU blobs_lr: 1 param: "w" blobs { num: 1 data: [1, 2.5] } include: { phase: TRAIN } }
layers { layer { name: "v0" type: "conv" kernelsize: 3 } bottom: "x" top: "y" }  # old
# end
`;

const pieces = fc.constantFrom(
  ..."{}<>[],;:=#\"'\\-+.\n\r\t 09af_xé\0\ufeff“”’：｛｝，＃−６\u200b\u00a0",
  ...[
    "layer {",
    "layers {",
    "name:",
    '"a"',
    "5pad: 1",
    "0x",
    "1e",
    "\\x",
    "\\u00e9",
    "param",
    "true",
    "[1, 2]",
    "phase: TEST",
    "C:\\",
  ],
);

/** A change to a text: the part between two offsets is replaced. */
const edits = fc.array(fc.tuple(fc.nat(1000), fc.nat(6), fc.oneof(pieces, fc.constant(""))), {
  minLength: 1,
  maxLength: 6,
});

describe("whatever the text", () => {
  test.each([
    ["from nothing", fc.array(pieces, { maxLength: 60 }).map((some) => some.join(""))],
    ["of any characters", fc.string({ unit: "binary", maxLength: 200 })],
    [
      "a net with mistakes",
      edits.map((all) => all.reduce((text, [at, count, by]) => splice(text, at, count, by), net)),
    ],
  ])("%s, it is read, and what was read is printed and read again", (_, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        const { message, issues, tree } = parseText(NetParameterSchema, text);
        const lines = text.split("\n");
        for (const { line, column } of issues) {
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeLessThanOrEqual(lines[line - 1].length + 1);
        }
        const printed = formatNet(message);
        const again = parseNet(printed);
        expect(formatNet(again.message)).toBe(printed);
        expect(formatText(NetParameterSchema, again.message)).toBe(formatText(NetParameterSchema, message));
        if (issues.length === 0) expect(parseText(NetParameterSchema, printed).tree.comments).toBe(tree.comments);
      }),
      { numRuns: 1000 },
    );
  });

  function splice(text: string, at: number, count: number, by: string): string {
    const start = at % text.length;
    return text.slice(0, start) + by + text.slice(start + count);
  }
});

test("time grows no faster than the text", () => {
  const parts = [
    ..."{}<>[],;:=#\"'\\-01a/é\0\u00a0\ufeff“”‘：，＃−６\u200b",
    ...[
      "a{",
      "a:{",
      "a:[",
      "a:[1,",
      "a: ",
      "a b ",
      "a=1 ",
      "a:-",
      "x:1 ",
      "[a.b]:1 ",
      "bottm: 1 ",
      "5a:",
      "1a",
      "0x",
      "1e",
      "6\u200b",
      "“a",
      "“\\",
      '"a” ',
    ],
    ...[
      "# c\n",
      '"\\\n',
      '"a" ',
      "'\\x41",
      'a:"\\',
      "C:\\",
      "layer{",
      "layer{\n",
      "layer{bottm:1}",
      "state{x:1}",
      "state{level:1}",
    ],
    ...['name: "a" # c\n', "input: ['a', # c\n 'b']\n", "a\n{\n", "layer { clip_param { } }"],
  ];
  const timed = (part: string, size: number) => {
    const text = `name: "x" ${part.repeat(size / part.length)}`;
    const start = performance.now();
    formatNet(parseNet(text).message);
    return performance.now() - start;
  };
  for (const part of parts) {
    // Quadratic time would be several seconds for the long text.
    const short = timed(part, 5_000);
    expect(timed(part, 60_000), JSON.stringify(part)).toBeLessThan(1500 + short * 60);
  }
});

test("half of a pair of UTF-16, which no file can hold, is read as U+FFFD", () => {
  const printed = formatNet(parseNet('name: "a\ud800b"  # \udc00\n').message);
  expect(printed).toBe('name: "a\ufffdb"  # \ufffd\n');
  expect(formatNet(parseNet(printed).message)).toBe(printed);
});
