import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyEdits } from "../lint/edits.js";
import { parseNet } from "../proto/text/index.js";
import {
  completionsAt,
  definitionsAt,
  foldsOf,
  formatPrototxt,
  hoverAt,
  occurrencesAt,
  outlineOf,
  renameAt,
  renameRangeAt,
  tokensOf,
} from "./index.js";

const net = readFileSync(new URL("../../examples/browser/net.prototxt", import.meta.url), "utf8");

/** A text with the caret at `|`. */
function at(marked: string): readonly [text: string, offset: number] {
  const offset = marked.indexOf("|");
  return [marked.slice(0, offset) + marked.slice(offset + 1), offset];
}

const labels = async (marked: string, files?: readonly string[]) =>
  (await completionsAt(...at(marked), { files })).map(({ label }) => label);

describe("completion", () => {
  test("fields of the message around the caret; the layer's own message comes first, forks' fields last", async () => {
    const fields = await labels('layer { name: "c" type: "Convolution" | }');
    expect(fields[0]).toBe("convolution_param");
    expect(fields).not.toContain("name");
    expect(fields).toContain("bottom");
    expect(fields.indexOf("bottom")).toBeLessThan(fields.indexOf("pooling_param"));
    expect(await labels('layer { type: "Pooling" pooling_param { ker| }')).toContain("kernel_size");
    expect(await labels('layer { type: "BatchNorm" batch_norm_param {\n  |\n')).toEqual(
      expect.arrayContaining(["use_global_stats", "moving_average_fraction", "eps"]),
    );
  });

  test("what is half typed is replaced, and the caret goes where one types on", async () => {
    const [text, offset] = at('layer { type: "BatchNorm" batch_|\n}\nlayer { name: "next" }');
    const found = (await completionsAt(text, offset)).find(({ label }) => label === "batch_norm_param");
    expect(found).toMatchObject({ insert: "batch_norm_param {  }", caret: 19, from: offset - 6, to: offset });
    expect(found?.detail).toBe("BatchNormParameter");
    const [name] = (await completionsAt(...at("layer { na|"))).filter(({ label }) => label === "name");
    expect(name).toMatchObject({ insert: 'name: ""', caret: 7 });
  });

  test("values of enums, booleans, types, fillers, solvers", async () => {
    expect(await labels('layer { type: "Pooling" pooling_param { pool: | } }')).toEqual(
      expect.arrayContaining(["MAX", "AVE"]),
    );
    expect(await labels("layer { include { phase: T| } }")).toEqual(["TRAIN", "TEST"]);
    expect(await labels('layer { type: "Scale" scale_param { bias_term: | } }')).toEqual(["true", "false"]);
    expect(await labels('layer { type: "Batch|" }')).toContain("BatchNorm");
    expect(await labels('layer { type: "Convolution" convolution_param { weight_filler { type: "|" } } }')).toContain(
      "msra",
    );
    expect(await labels('base_lr: 0.1\nmax_iter: 5\nlr_policy: "|"')).toContain("multistep");
    expect(await labels('base_lr: 0.1\nmax_iter: 5\nnet: "|"', ["net.prototxt"])).toEqual(["net.prototxt"]);
  });

  test("blobs that are made above, the nearest first; quotes come along where there are none", async () => {
    const above = 'layer { name: "a" top: "x" }\nlayer { name: "b" bottom: "x" top: "y" }\n';
    expect(await labels(`${above}layer { bottom: "|" }\nlayer { top: "below" }`)).toEqual(["y", "x"]);
    const [first] = await completionsAt(...at(`${above}layer { bottom: | }`));
    expect(first?.insert).toBe('"y"');
  });

  test("nothing in comments and in names", async () => {
    expect(await labels("# lay|")).toEqual([]);
    expect(await labels('layer { name: "|" }')).toEqual([]);
  });
});

describe("hover", () => {
  const hover = async (marked: string) => (await hoverAt(...at(marked)))?.markdown;

  test("a field, with its type, its default and its contract", async () => {
    const text = await hover('layer { type: "BatchNorm" batch_norm_param { moving_average_fra|ction: 0.9 } }');
    expect(text).toContain("**moving_average_fraction** · float, default 0.999");
    expect(text).toContain("f·M + mean");
  });

  test("a type, with its contract and its fork", async () => {
    expect(await hover('layer { type: "Re|LU" }')).toMatch(/^\*\*ReLU\*\* · activation\n/);
    expect(await hover('layer { type: "Prior|Box" }')).toContain("SSD");
    expect(await hover('layer { type: "Nobody|s" }')).toContain("does not have this type");
  });

  test("a blob, with its maker and readers; a layer; a value of an enum", async () => {
    const text =
      'layer { name: "a" type: "Input" top: "x" } layer { name: "b" type: "ReLU" bottom: "x|" top: "x" include { phase: TEST } }';
    expect(await hover(text)).toMatch(/Made by `a` \(Input\), `b` \(ReLU\)\.\n\nRead by `b` \(ReLU\)\./);
    expect(await hover(text.replace("|", "").replace('name: "b"', 'name: "|b"'))).toContain("layer of type ReLU");
    expect(await hover(text.replace("|", "").replace("TEST", "TE|ST"))).toContain("Phase, number 1");
  });
});

describe("names", () => {
  const text = `layer { name: "d" type: "Input" top: "x" include { phase: TRAIN } }
layer { name: "d" type: "Input" top: "x" include { phase: TEST } }
layer { name: "r" type: "ReLU" bottom: "x" top: "x" param { name: "w" } }
layer { name: "s" type: "TanH" bottom: "x" top: "y" param { name: "w" } }
`;
  const offsetOf = (part: string, from = 0) => text.indexOf(part, from) + part.length - 1;
  const lineOf = (offset: number) => text.slice(0, offset).split("\n").length;

  test("a bottom is defined by the top that makes the value that it reads, in each phase", () => {
    const lines = (at: number) => definitionsAt(text, at).map(({ from }) => lineOf(from));
    expect(lines(offsetOf('bottom: "x'))).toEqual([1, 2]);
    expect(lines(offsetOf('bottom: "x', text.indexOf("TanH")))).toEqual([3]);
    expect(definitionsAt('net: "a/b.prototxt"\nbase_lr: 1\nmax_iter: 1', 8)).toEqual([
      { file: "a/b.prototxt", from: 0, to: 0 },
    ]);
  });

  test("all places of a blob, a layer, a shared parameter", () => {
    expect(occurrencesAt(text, offsetOf('top: "x')).map(({ role }) => role)).toEqual([
      "made",
      "made",
      "read",
      "made",
      "read",
    ]);
    expect(occurrencesAt(text, offsetOf('name: "d'))).toHaveLength(2);
    expect(occurrencesAt(text, offsetOf('name: "w'))).toHaveLength(2);
  });

  test("a name is changed everywhere, unless something else has it", () => {
    const renamed = renameAt(text, offsetOf('bottom: "x'), 'a "b"');
    const edits = "edits" in renamed ? renamed.edits : [];
    const changed = applyEdits(text, edits);
    expect(parseNet(changed).message.layer.map(({ bottom, top }) => [...bottom, ...top])).toEqual([
      ['a "b"'],
      ['a "b"'],
      ['a "b"', 'a "b"'],
      ['a "b"', "y"],
    ]);
    expect(renameAt(text, offsetOf('bottom: "x'), "y")).toEqual({ refused: 'there is a blob "y" already, in line 4' });
    expect(renameAt(text, offsetOf('bottom: "x'), "")).toEqual({ refused: "a name cannot be empty" });
    expect(renameAt(text, 0, "z")).toHaveProperty("refused");
    expect(renameRangeAt(text, offsetOf('name: "r'))).toMatchObject({ name: "r" });
  });
});

describe("structure", () => {
  test("the outline names layers and their types", () => {
    const [name, first] = outlineOf(net);
    expect(name).toMatchObject({ name: "name", detail: '"Digits"', kind: "field" });
    expect(first).toMatchObject({ name: "digits", detail: "Data", kind: "layer" });
    expect(net.slice(first?.selection.from, first?.selection.to)).toBe("digits");
    expect(outlineOf('layers { layer { name: "v0" type: "conv" } bottom: "x" }')[0]).toMatchObject({
      name: "v0",
      detail: "conv",
    });
  });

  test("messages over several lines fold, and runs of comments", () => {
    expect(
      foldsOf('# a\n# b\nlayer {\n  name: "x"\n}\nlayer { name: "y" }\n').map(({ from, to }) => [from, to]),
    ).toEqual([
      [3, 7],
      [15, 28],
    ]);
  });

  test("tokens say what names and values are", () => {
    const text = 'layer { name: "n" type: "T" bottom: "b" # c\n include { phase: TEST } x: [1, true] }';
    expect(tokensOf(text).map(({ from, to, kind }) => [text.slice(from, to), kind])).toEqual([
      ["layer", "message"],
      ["name", "field"],
      ['"n"', "layer"],
      ["type", "field"],
      ['"T"', "type"],
      ["bottom", "field"],
      ['"b"', "blob"],
      ["# c", "comment"],
      ["include", "message"],
      ["phase", "field"],
      ["TEST", "enum"],
      ["x", "field"],
      ["1", "number"],
      ["true", "boolean"],
    ]);
  });
});

describe("format", () => {
  test("an even layout; what was on one line stays so, comments stay where they are", () => {
    const { text } = formatPrototxt(
      '# a net\n\n\n\nname :"N"   # its name\nlayer{name:"a"\n type : "ReLU" # type\n  include{phase:TEST}\n\n\n # end\n}\nlayer { name: "b" }\n',
    );
    expect(text).toBe(
      '# a net\n\nname: "N" # its name\nlayer {\n  name: "a"\n  type: "ReLU" # type\n  include { phase: TEST }\n\n  # end\n}\nlayer { name: "b" }\n',
    );
  });

  test("line ends stay those of the file; a text that is not closed is not touched", () => {
    expect(formatPrototxt("a: 1\r\nb  : 2\r\n").text).toBe("a: 1\r\nb: 2\r\n");
    const open = 'layer { name: "a"\n';
    expect(formatPrototxt(open)).toMatchObject({ text: open, refused: expect.stringContaining("1:7") });
  });

  const corpus = new URL("../../../shared/corpus/prototxt/", import.meta.url);
  test.skipIf(!existsSync(corpus))("real files mean the same afterwards, and formatting again changes nothing", () => {
    const names = readdirSync(corpus).sort();
    const every = Number(process.env["MOKA_FORMAT_ALL"] ? 1 : Math.ceil(names.length / 60));
    let formatted = 0;
    for (const name of names.filter((_, i) => i % every === 0)) {
      const before = readFileSync(new URL(name, corpus), "utf8");
      const { text, refused } = formatPrototxt(before);
      if (refused !== undefined) continue;
      formatted++;
      expect(formatPrototxt(text).text === text, name).toBe(true);
    }
    expect(formatted).toBeGreaterThan(40);
  });
});

test("no text and no offset makes any of them fail; ranges are in the text", async () => {
  const pieces = [
    "layer {",
    "}",
    '"',
    "'",
    "#",
    "\n",
    "bottom: ",
    '"x"',
    "type: ",
    "{",
    "[",
    "]",
    ",",
    "<",
    ">",
    ":",
    "😀",
    "\ud800",
    "\r\n",
    "1e5",
    "param",
  ];
  const mutation = fc.record({ at: fc.nat(net.length), cut: fc.nat(40), put: fc.constantFrom(...pieces) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(mutation, { maxLength: 6 }),
      fc.integer({ min: -5, max: net.length + 5 }),
      async (mutations, offset) => {
        const text = mutations.reduce(
          (before, { at, cut, put }) => before.slice(0, at) + put + before.slice(at + cut),
          net,
        );
        const ranges = [
          ...(await completionsAt(text, offset)),
          ...occurrencesAt(text, offset),
          ...definitionsAt(text, offset),
          ...foldsOf(text),
          ...tokensOf(text),
          ...outlineOf(text),
          ...[await hoverAt(text, offset), renameRangeAt(text, offset)].filter((found) => found !== undefined),
        ];
        renameAt(text, offset, "other");
        formatPrototxt(text);
        for (const { from, to } of ranges) {
          if (!(from >= 0 && from <= to && to <= text.length)) throw new Error(`${from} to ${to} of ${text.length}`);
        }
        const tokens = tokensOf(text);
        if (tokens.some(({ from }, i) => from < (tokens[i - 1]?.to ?? 0))) throw new Error("tokens overlap");
      },
    ),
    { numRuns: 150 },
  );
});
