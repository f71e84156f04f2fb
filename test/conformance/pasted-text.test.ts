// Texts as people paste them: without blanks between fields, with full-width characters, typographic quotes, invisible ones.
import { fileURLToPath } from "node:url";
import { fromText } from "@bufbuild/protobuf/txtpb";
import { describe, expect, test } from "vitest";
import { fix, lint } from "../../src/index.js";
import { NetParameterSchema } from "../../src/proto/gen/caffe_pb.js";
import { formatNet, parseNet } from "../../src/proto/text/index.js";

const caseOf = (name: string) => fileURLToPath(new URL(`../cases/${name}`, import.meta.url));
const places = (findings: readonly { readonly line: number; readonly column: number }[]) =>
  findings.map(({ line, column }) => `${line}:${column}`);

test.each(["simple", "test", "train"])(
  "an article's %s.prototxt is repaired to a text that Caffe takes",
  async (name) => {
    const { text, findings } = await fix(caseOf(`article-as-pasted/${name}.prototxt`));
    expect(findings).toEqual([]);
    const net = fromText(NetParameterSchema, text);
    expect(net.layer.map(({ type }) => type)).toEqual(["Convolution", "BatchNorm", "Scale", "ReLU"]);
    expect(net.layer[0].convolutionParam).toMatchObject({ numOutput: 64, pad: [1], kernelSize: [3], biasTerm: false });
  },
);

test("full-width characters, book quotes and blanks are found once each, and repaired", async () => {
  const path = caseOf("full-width/a.prototxt");
  const { findings } = await lint(path);
  expect(places(findings)).toEqual(["1:7", "3:15", "5:14", "6:22"]);
  const { text, findings: left } = await fix(path);
  expect(left).toEqual([]);
  expect(text).toBe(`name: "net"
layer {
  name: "data",
  type: "Input"
  top: "data"${" "}
  input_param { shape: { dim: 1 dim: 3 dim: 8 dim: 8 } }
}
`);
});

test("a byte order mark is removed, and line ends stay", async () => {
  const path = caseOf("full-width/bom.prototxt");
  expect(places((await lint(path)).findings)).toEqual(["1:1"]);
  const { before, text, findings } = await fix(path);
  expect([text, findings]).toEqual([before.slice(1), []]);
  expect(text).toContain("\r\n");
});

test.each(["a", "b"])("layers of mixed forms are one finding, and become today's form: %s", async (name) => {
  const path = caseOf(`v1-mixed/${name}.prototxt`);
  const { findings } = await lint(path);
  expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([["mixed-forms", "error"]]);
  const { text, findings: left } = await fix(path);
  expect(left).toEqual([]);
  const { layer, layers } = fromText(NetParameterSchema, text);
  expect(layers).toEqual([]);
  expect(layer.map(({ type }) => type)).toEqual(["Input", "Convolution", ...(name === "a" ? [] : ["Softmax"])]);
  expect(layer[1].param.map(({ lrMult }) => lrMult)).toEqual(name === "a" ? [1, 2] : []);
});

describe("what looks like ASCII is read, found once and written in ASCII", () => {
  test.each([
    ["double quotes of a book", "name: “n”", 'name: "n"'],
    ["German quotes", "name: „n“", 'name: "n"'],
    ["single quotes of a book", "name: ‘n’", "name: 'n'"],
    ["an apostrophe between quotes", "name: “it’s”", 'name: "it’s"'],
    ["a book's quote that ends a string", 'name: "n”', 'name: "n"'],
    ["a book's quote that begins a string", 'name: “n"', 'name: "n"'],
    ["full-width quotes", "name: ＂n＂", 'name: "n"'],
    ["a full-width colon", "name：“n”".replaceAll(/[“”]/g, '"'), 'name: "n"'.replace(" ", "")],
    ["a full-width comma", 'name: "n"，', 'name: "n",'],
    ["a Chinese comma of a list", "input: ['a'、'b']", "input: ['a','b']"],
    ["a full-width semicolon", 'name: "n"；', 'name: "n";'],
    ["a full-width brace", "layer ｛ }", "layer { }"],
    ["a full-width closing brace", "layer { ｝", "layer { }"],
    ["full-width brackets", "input: ['a'］", "input: ['a']"],
    ["an en dash", "layer { loss_weight: –1 }", "layer { loss_weight: -1 }"],
    ["an em dash", "layer { loss_weight: —1 }", "layer { loss_weight: -1 }"],
    ["a minus of mathematics", "layer { loss_weight: −.5 }", "layer { loss_weight: -.5 }"],
    ["a minus in an exponent", "layer { loss_weight: 1e−8 }", "layer { loss_weight: 1e-8 }"],
    ["full-width digits", "layer { loss_weight: ６４ }", "layer { loss_weight: 64 }"],
    ["a full-width name", 'ｎａｍｅ: "n"', 'name: "n"'],
    ["a full-width number sign", '＃ it’s a net\nname: "n"', '# it’s a net\nname: "n"'],
    ["a no-break space", 'name:\u00a0"n"', 'name: "n"'],
    ["an ideographic space", 'name:\u3000"n"', 'name: "n"'],
    ["a no-break space at the end of a line", 'name: "n"\u00a0\nlayer { }', 'name: "n" \nlayer { }'],
    ["a no-break space before a colon", 'name\u00a0: "n"', 'name : "n"'],
    ["a line separator", 'name: "n"\u2028layer { }', 'name: "n" layer { }'],
    ["a zero-width space between tokens", 'name:\u200b"n"', 'name:"n"'],
    ["a zero-width space in a name", 'na\u200bme: "n"', 'name: "n"'],
    ["a zero-width space in a number", "layer { loss_weight: 6\u200b4 }", "layer { loss_weight: 64 }"],
    ["a zero-width space behind a number", "layer { loss_weight: 64\u200b }", "layer { loss_weight: 64 }"],
    ["a soft hyphen in a name", 'na\u00adme: "n"', 'name: "n"'],
    ["a byte order mark in the middle", 'name: "n"\n\ufefflayer { }', 'name: "n"\nlayer { }'],
    [
      "a byte order mark between two fields",
      'name: "n" layer { loss_weight: 1\ufeff}',
      'name: "n" layer { loss_weight: 1}',
    ],
    ["a mark of direction", 'name\u200e: "n"', 'name: "n"'],
    ["an override of direction", 'name: \u202e"n"', 'name: "n"'],
    ["a control character", 'name: \u0085"n"', 'name:  "n"'],
  ])("%s", async (_, line, repaired) => {
    const text = `${line}\n`;
    const { issues } = parseNet(text);
    expect(issues.map(({ code, caffeRefuses }) => [code, caffeRefuses])).toEqual([["MOKA_TEXT_CHARACTER", true]]);
    expect(() => fromText(NetParameterSchema, text)).toThrow();
    const result = await fix(text, { rules: { "unknown-layer": "off" } });
    expect(result.text).toBe(`${repaired}\n`);
    expect(parseNet(result.text).issues).toEqual([]);
    const printed = formatNet(parseNet(text).message);
    expect(formatNet(parseNet(result.text).message)).toBe(printed);
    expect(() => fromText(NetParameterSchema, result.text)).not.toThrow();
  });

  test.each([
    ["in a string", 'name: "“n”：\u200b–"'],
    ["in a comment", "# “n”：\u200b–"],
  ])("%s it stays", async (_, line) => {
    const text = `${line}\nlayer { }\n`;
    expect(parseNet(text).issues).toEqual([]);
    expect((await fix(text, { rules: { "unknown-layer": "off" } })).text).toBe(text);
  });

  test("what cannot be made out stays", async () => {
    for (const text of ["name: “n\n", "layer { … }\n", "layer { } –\n", 'name: ”\nlayer { name: "a" }\n']) {
      const { text: after, findings } = await fix(text);
      expect(findings.some(({ severity }) => severity === "error")).toBe(true);
      expect(after).toBe(text);
    }
  });
});
