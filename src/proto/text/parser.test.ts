import { describe, expect, test } from "vitest";
import { Issues } from "./issues.js";
import { maxDepth, parseTree } from "./parser.js";
import type { Body, Comment, FieldNode, ListNode, MessageNode, ScalarNode, Span } from "./tree.js";

function read(text: string) {
  const issues = new Issues();
  const tree = parseTree(text, issues);
  return { tree, issues: issues.sorted().map(({ code, line, column }) => `${line}:${column} ${code}`) };
}

/** The tree as `name`, `name=scalar`, `name{…}` and `name[…]`. */
function shape(body: Body): string {
  return body.fields.map(({ name, value }) => name + shapeOf(value)).join(" ");
}

function shapeOf(value: FieldNode["value"]): string {
  if (!value) return "";
  if (value.kind === "message") return `{${shape(value)}}`;
  if (value.kind === "list") return `[${value.values.map(shapeOf).join(" ")}]`;
  return `=${value.negative ? "-" : ""}${[value.text, ...value.more].join(" ")}`;
}

/** All nodes below `body`, each with its text. */
function nodesIn(body: Body): Span[] {
  return body.fields.flatMap((field) => [field, ...(field.value ? nodesOf(field.value) : [])]);
}

function nodesOf(value: ScalarNode | ListNode | MessageNode): Span[] {
  if (value.kind === "message") return [value, ...nodesIn(value)];
  return value.kind === "list" ? [value, ...value.values.flatMap(nodesOf)] : [value];
}

function commentsIn(body: Body): Comment[] {
  return [...body.fields.flatMap(commentsOfField), ...body.dangling];
}

function commentsOfField({ leading, trailing, value }: FieldNode): Comment[] {
  return [...leading, ...(value ? commentsOfValue(value) : []), ...(trailing ? [trailing] : [])];
}

function commentsOfValue(value: ScalarNode | ListNode | MessageNode): Comment[] {
  if (value.kind === "scalar") return [...value.leading];
  if (value.kind === "list") return [...value.leading, ...value.values.flatMap(commentsOfValue), ...value.dangling];
  return [...value.leading, ...(value.opening ? [value.opening] : []), ...commentsIn(value)];
}

const layer = `# head
layer { # opening
  name: "a"  # trailing
  # leading
  bottom: ["x", 'y'], top: "z" "w";
  param < lr_mult: -5. >
  # dangling
} # after
# last
`;

describe("a tree", () => {
  const { tree, issues } = read(layer);
  const [field] = tree.fields;
  const message = field.value as MessageNode;

  test("holds what was written", () => {
    expect(issues).toEqual([]);
    expect(shape(tree)).toBe(`layer{name="a" bottom[="x" ='y'] top="z" "w" param{lr_mult=-5.}}`);
    expect(message.open).toBe("{");
    expect((message.fields[3].value as MessageNode).open).toBe("<");
  });

  test("holds every comment once, where it belongs", () => {
    expect(field.leading.map(({ text }) => text)).toEqual(["# head"]);
    expect(message.opening?.text).toBe("# opening");
    expect(message.fields[0].trailing?.text).toBe("# trailing");
    expect(message.fields[1].leading.map(({ text }) => text)).toEqual(["# leading"]);
    expect(message.dangling.map(({ text }) => text)).toEqual(["# dangling"]);
    expect(field.trailing?.text).toBe("# after");
    expect(tree.dangling.map(({ text }) => text)).toEqual(["# last"]);
    expect(commentsIn(tree)).toHaveLength(tree.comments);
  });

  test("knows the place of every node and comment", () => {
    const lines = layer.split("\n");
    for (const node of [...nodesIn(tree), ...commentsIn(tree)]) {
      const text = layer.slice(node.offset, node.end);
      expect(lines[node.line - 1].slice(node.column - 1).startsWith(text.split("\n")[0])).toBe(true);
      expect(node.endLine).toBe(node.line + text.split("\n").length - 1);
    }
    expect(message).toMatchObject({ line: 2, column: 7, endLine: 8 });
    const [name, bottom, top] = message.fields;
    expect(layer.slice(name.offset, name.nameEnd)).toBe("name");
    expect(layer.slice(bottom.offset, bottom.end)).toBe(`bottom: ["x", 'y']`);
    expect(layer.slice(bottom.end, bottom.separatorEnd)).toBe(",");
    expect(layer.slice(top.end, top.separatorEnd)).toBe(";");
  });
});

test("keeps comments in every other place", () => {
  const text = `a # 1
    : # 2
    [ # 3
      1, # 4
      2 # 5
      , 3 # 6
    ] # 7
    b # 8
    { # 9
      c: "x" # 10
         "y" # 11
      , # 12
    }
    # 13`;
  const { tree, issues } = read(text);
  expect(issues).toEqual([]);
  const found = commentsIn(tree).map(({ text }) => text);
  expect(found.sort()).toEqual(Array.from({ length: 13 }, (_, i) => `# ${i + 1}`).sort());
});

test("counts columns from 1 in UTF-16 units, a tab as one, and not the byte order mark", () => {
  const { tree } = read(`\ufeffa: "é😀" b: 1\r\n\tc: 2`);
  expect(tree.fields.map(({ line, column }) => [line, column])).toEqual([
    [1, 1],
    [1, 10],
    [2, 2],
  ]);
});

test("takes a carriage return for a space, as C++ protobuf does", () => {
  expect(shape(read("a: 1 # c\r\nb: 2\rc: 3").tree)).toBe("a=1 b=2 c=3");
  expect(read("a: 1 # c\r\nb: 2").tree.fields[0].trailing?.text).toBe("# c");
  expect(shape(read("a: 1 # c\rb: 2").tree)).toBe("a=1");
});

describe("continues after what it cannot read", () => {
  test.each([
    ["a: b: 2", "a b=2", ["1:4 MOKA_TEXT_MISSING_VALUE"]],
    ["a:\n}\nb: 2", "a b=2", ["2:1 MOKA_TEXT_MISSING_VALUE", "2:1 MOKA_TEXT_SYNTAX"]],
    ["m { a: }\nb: 2", "m{a} b=2", ["1:8 MOKA_TEXT_MISSING_VALUE"]],
    ["a\nb: 2", "a b=2", ["1:1 MOKA_TEXT_MISSING_VALUE"]],
    ["a 1 b: 2", "a=1 b=2", ["1:3 MOKA_TEXT_PUNCTUATION"]],
    ["a = 1 b: 2", "a=1 b=2", ["1:3 MOKA_TEXT_PUNCTUATION"]],
    ["a [1] b: 2", "a[=1] b=2", ["1:3 MOKA_TEXT_PUNCTUATION"]],
    ["a: 1;; b: 2", "a=1 b=2", ["1:6 MOKA_TEXT_PUNCTUATION"]],
    ["5 5 5\nb: 2", "b=2", ["1:1 MOKA_TEXT_SYNTAX"]],
    ['"x" y z b: 2', "b=2", ["1:1 MOKA_TEXT_SYNTAX"]],
    ["a: 1 } b: 2", "a=1 b=2", ["1:6 MOKA_TEXT_SYNTAX"]],
    ["m { a: 1 > b: 2", "m{a=1} b=2", ["1:10 MOKA_TEXT_PUNCTUATION"]],
    ["m {{ a: 1 }} b: 2", "m{a=1} b=2", ["1:4 MOKA_TEXT_SYNTAX"]],
    ['a: "x\nb: 2', 'a="x b=2', ["1:4 MOKA_TEXT_UNCLOSED"]],
    ['a: "x\\', 'a="x\\', ["1:4 MOKA_TEXT_UNCLOSED"]],
    ["a: [1 2] b: 2", "a[=1 =2] b=2", ["1:7 MOKA_TEXT_PUNCTUATION"]],
    ["a: [1,] b: 2", "a[=1] b=2", ["1:7 MOKA_TEXT_PUNCTUATION"]],
    ["a: [,1] b: 2", "a[=1] b=2", ["1:5 MOKA_TEXT_PUNCTUATION"]],
    ["m { a: [1, 2\n} b: 2", "m{a[=1 =2]} b=2", ["1:8 MOKA_TEXT_UNCLOSED"]],
    ["a: [1\nb: 2", "a[=1] b=2", ["1:4 MOKA_TEXT_UNCLOSED"]],
    ["a: - b: 2", "a b=2", ["1:6 MOKA_TEXT_MISSING_VALUE"]],
    ["a: 64b: 2", "a=64 b=2", ["1:4 MOKA_TEXT_GLUED"]],
    ["1b: 2", "b=2", ["1:1 MOKA_TEXT_GLUED", "1:1 MOKA_TEXT_SYNTAX"]],
    ["a: 5force: true", "a=5 force=true", ["1:4 MOKA_TEXT_GLUED"]],
    ["a: 1e b { }", "a=1e b{}", []],
    ["a\u00a0: 1", "a=1", ["1:2 MOKA_TEXT_CHARACTER"]],
    ["a:\u0000 1", "a=1", ["1:3 MOKA_TEXT_CHARACTER"]],
    ["a: data/train-1.db b: C:\\x c: ./y", "a=data/train-1.db b=C:\\x c=./y", []],
    ["[a.b]: 1 [a.b/c] { d: 1 }", "[a.b]=1 [a.b/c]{d=1}", []],
    ["[a b: 2", "b=2", ["1:1 MOKA_TEXT_SYNTAX"]],
  ])("%j", (text, expected, issues) => {
    const found = read(text);
    expect(shape(found.tree)).toBe(expected);
    expect(found.issues).toEqual(issues);
  });
});

describe("a brace that is missing", () => {
  test("is missed where the next field of the file starts, so that nothing else is lost", () => {
    const text = `layer {\n  name: "a"\n  p {\n    x: 1\n}\nlayer {\n  name: "b"\n}\nlayer { name: "c" }\n`;
    const { tree, issues } = read(text);
    expect(shape(tree)).toBe(`layer{name="a" p{x=1}} layer{name="b"} layer{name="c"}`);
    expect(issues).toEqual(["1:7 MOKA_TEXT_UNCLOSED"]);
  });

  test("is missed at the end of the file otherwise", () => {
    const { tree, issues } = read(`layer { name: "a" p { x: 1`);
    expect(shape(tree)).toBe(`layer{name="a" p{x=1}}`);
    expect(issues).toEqual(["1:7 MOKA_TEXT_UNCLOSED", "1:21 MOKA_TEXT_UNCLOSED"]);
  });
});

test("does not follow what is nested too deep", () => {
  const nested = (depth: number) => `${"a { ".repeat(depth)}b: 1 ${"} ".repeat(depth)} c: 1`;
  expect(read(nested(maxDepth)).issues).toEqual([]);
  for (const depth of [maxDepth + 1, 100_000]) {
    const { tree, issues } = read(nested(depth));
    expect(issues).toEqual([`1:${maxDepth * 4 + 3} MOKA_TEXT_DEPTH`]);
    expect(tree.fields.map(({ name }) => name)).toEqual(["a", "c"]);
  }
  for (const [start, open] of ["a{", "a[", "a<", "{"].map((each) => [each.slice(0, -1), each.slice(-1)])) {
    expect(
      read(start + open.repeat(100_000)).issues.some((issue) => issue.endsWith("DEPTH")),
      open,
    ).toBe(true);
  }
});
