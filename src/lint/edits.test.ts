import fc from "fast-check";
import { expect, test } from "vitest";
import { Issues } from "../proto/text/issues.js";
import { Lexer } from "../proto/text/lexer.js";
import { parseTree } from "../proto/text/parser.js";
import type { FieldNode, FileNode, ListNode, MessageNode, ValueNode } from "../proto/text/tree.js";
import { applyEdits, type Edit, Editor, overlap } from "./edits.js";

const treeOf = (text: string) => parseTree(text, new Issues());

/** What a text says, without layout and comments. */
type Said = (readonly [string, string | readonly string[] | Said])[];

/** A field of the texts that are tried, with its layout. */
interface Piece {
  readonly name: string;
  readonly value: string | readonly string[] | readonly Piece[];
  /** What stands before it on lines of its own, behind an opening brace or bracket, and behind it. */
  readonly before: string;
  readonly open: string;
  readonly separator: string;
  readonly end: string;
}

const line = fc.constantFrom(" ", "\n", "\n\n", " # behind\n", "# tight\n");
const { pieces } = fc.letrec<{ piece: Piece; pieces: readonly Piece[] }>((tie) => {
  const layout = {
    before: fc.constantFrom("", "", "# before\n", "# one\n  # two\n"),
    open: line,
    separator: fc.constantFrom("", "", ",", ";"),
    end: line,
  };
  const scalar = fc.record({
    ...layout,
    name: fc.constantFrom("a", "b"),
    value: fc.constantFrom("1", '"x"', "-2.5", "TRUE"),
  });
  const list = fc.record({
    ...layout,
    name: fc.constantFrom("l", "k"),
    value: fc.array(fc.constantFrom("1", "2", "3"), { maxLength: 4 }),
  });
  const message = fc.record({ ...layout, name: fc.constantFrom("m", "n"), value: tie("pieces") });
  return {
    piece: fc.oneof({ depthSize: "small" }, scalar, list, message),
    pieces: fc.array(tie("piece"), { maxLength: 5 }),
  };
});

function render(fields: readonly Piece[], indent = ""): string {
  let text = "";
  for (const { name, value, before, open, separator, end } of fields) {
    if (before !== "" && text !== "" && !text.endsWith("\n")) text += "\n";
    const isNewLine = text === "" || text.endsWith("\n");
    text += (isNewLine ? indent : "") + before.replaceAll("\n", `\n${indent}`);
    if (typeof value === "string") text += `${name}: ${value}`;
    else if (isList(value)) text += `${name}: [${value.join(open.includes("#") ? `, # in a list\n` : ", ")}]`;
    else text += `${name} {${open}${render(value, `${indent}  `)}}`;
    text += separator + end;
  }
  return text;
}

function isList(value: readonly string[] | readonly Piece[]): value is readonly string[] {
  return typeof value[0] === "string";
}

/** All bodies of a tree with the fields around them, the innermost first. */
function bodiesOf(body: MessageNode | FileNode, owners: readonly FieldNode[] = []): readonly Place[] {
  const inner = body.fields.flatMap((field) =>
    field.value?.kind === "message" ? bodiesOf(field.value, [field, ...owners]) : [],
  );
  return [{ body, owners }, ...inner];
}

interface Place {
  readonly body: MessageNode | FileNode;
  readonly owners: readonly FieldNode[];
}

/** What a tree says, with the arrays by the nodes that they come from, so that they can be changed alike. */
class Model {
  readonly bodies = new Map<MessageNode | FileNode, Said>();
  readonly entries = new Map<FieldNode, Said[number]>();
  readonly root: Said;

  constructor(tree: FileNode) {
    this.root = this.#body(tree);
  }

  #body(body: MessageNode | FileNode): Said {
    const said = body.fields.map((field) => {
      const entry = [field.name, field.value ? this.#value(field.value) : ""] as const;
      this.entries.set(field, entry);
      return entry;
    });
    this.bodies.set(body, said);
    return said;
  }

  #value(value: ValueNode): Said[number][1] {
    if (value.kind === "message") return this.#body(value);
    if (value.kind === "list") return value.values.map((each) => String(this.#value(each)));
    return (value.negative ? "-" : "") + value.text;
  }

  /** The last field of this name gets another value, or a new field is put in; as `Editor.set` promises. */
  set(body: MessageNode | FileNode, [name = "", ...rest]: readonly string[], value: string): void {
    const said = this.bodies.get(body) ?? [];
    const node = body.fields.findLast((field) => field.name === name);
    if (rest.length > 0 && node?.value?.kind === "message") {
      this.set(node.value, rest, value);
      return;
    }
    const made = rest.reduceRight<Said[number][1]>((inner, each) => [[each, inner]], value);
    const old = node && this.entries.get(node);
    const entry = [name, made] as const;
    if (rest.length > 0 || !old) {
      said.push(entry);
      return;
    }
    said[said.indexOf(old)] = entry;
    this.entries.set(node, entry);
  }

  insertAfter(body: MessageNode | FileNode, node: FieldNode, entry: Said[number]): void {
    const said = this.bodies.get(body) ?? [];
    const at = this.entries.get(node);
    said.splice(at ? said.indexOf(at) + 1 : said.length, 0, entry);
  }

  insertBefore(body: MessageNode | FileNode, node: FieldNode, entry: Said[number]): void {
    const said = this.bodies.get(body) ?? [];
    const at = this.entries.get(node);
    if (at) said.splice(said.indexOf(at), 0, entry);
  }

  remove(body: MessageNode | FileNode, node: FieldNode): void {
    const said = this.bodies.get(body) ?? [];
    const at = this.entries.get(node);
    if (!at) return;
    const gone = ["", []] as const; // it still says where others go
    said[said.indexOf(at)] = gone;
    this.entries.set(node, gone);
  }
}

/** Without messages that have nothing in them: `remove` may take them along. */
function pruned(said: Said): Said {
  return said.flatMap(([name, value]) => {
    if (!Array.isArray(value) || typeof value[0] === "string") return [[name, value] as const];
    const inner = pruned(value as Said);
    return inner.length > 0 ? [[name, inner] as const] : [];
  });
}

/** One change, to the text and to the model. */
interface Change {
  readonly edits: readonly Edit[];
  readonly apply: (model: Model) => void;
  /** What is taken out, with the comments within. */
  readonly removed?: FieldNode;
}

function changeOf(editor: Editor, { body, owners }: Place, kind: number, pick: number): Change {
  const field = body.fields[pick % Math.max(1, body.fields.length)];
  if (kind === 0) {
    const path = [["a"], ["new"], ["m", "b"], ["m", "n", "new"], ["fresh", "a"]][pick % 5] ?? [];
    return { edits: editor.set(body, path, "7"), apply: (model) => model.set(body, path, "7") };
  }
  if (kind === 1 || !field) {
    return { edits: editor.insert(body, "i: 5"), apply: (model) => model.set(body, ["i"], "5") };
  }
  if (kind === 2) {
    return {
      edits: editor.insertAfter(field, "i: 5", "j {\n  a: 1\n}"),
      apply: (model) => {
        model.insertAfter(body, field, ["j", [["a", "1"]]]);
        model.insertAfter(body, field, ["i", "5"]);
      },
    };
  }
  if (kind === 3) {
    return { edits: editor.insert(body, "i: 5", field), apply: (model) => model.insertBefore(body, field, ["i", "5"]) };
  }
  return { edits: editor.remove(field, ...owners), apply: (model) => model.remove(body, field), removed: field };
}

const commentsIn = (text: string) => (text.match(/#[^\r\n]*/g) ?? []).sort();

test("any edits that do not overlap keep every comment and say what they were to say", () => {
  const choice = fc.tuple(fc.nat(), fc.nat(4), fc.nat());
  const text = fc.tuple(pieces, fc.boolean()).map(([fields, isCrLf]) => {
    return isCrLf ? render(fields).replaceAll("\n", "\r\n") : render(fields);
  });
  fc.assert(
    fc.property(text, fc.array(choice, { minLength: 1, maxLength: 4 }), (before, choices) => {
      const tree = treeOf(before);
      const editor = new Editor(before);
      const model = new Model(tree);
      const bodies = bodiesOf(tree);
      const edits: Edit[] = [];
      let kept = before;
      for (const [where, kind, pick] of choices) {
        const place = bodies[where % bodies.length];
        if (!place) continue;
        const change = changeOf(editor, place, edits.length > 0 && kind === 1 ? 0 : kind, pick);
        if (change.edits.some((edit) => edits.some((other) => overlap(edit, other)))) continue;
        edits.push(...change.edits);
        change.apply(model);
        const { offset = 0, end = 0 } = change.removed ?? {};
        kept = kept.slice(0, offset) + " ".repeat(end - offset) + kept.slice(end);
      }
      const after = applyEdits(before, edits);
      const issues = new Issues();
      const said = new Model(parseTree(after, issues)).root;
      expect(issues.sorted()).toEqual([]);
      expect(pruned(said)).toEqual(pruned(model.root));
      expect(commentsIn(after)).toEqual(commentsIn(kept));
      expect(after.includes("\r\n") && /[^\r]\n/.test(after)).toBe(false);
    }),
    { numRuns: 1500 },
  );
});

/** What an edit makes of a text; it gets the file, its first field, and that field's message. */
function edited(
  text: string,
  make: (editor: Editor, file: FileNode, field: FieldNode, body: MessageNode | FileNode) => readonly Edit[],
): string {
  const tree = treeOf(text);
  const [field] = tree.fields;
  if (!field) throw new Error("the text has no field");
  const body = field.value?.kind === "message" ? field.value : tree;
  return applyEdits(text, make(new Editor(text), tree, field, body));
}

const set =
  (path: string, value = "1") =>
  (editor: Editor, _: FileNode, __: FieldNode, body: MessageNode | FileNode) =>
    editor.set(body, path.split("."), value);

test.each([
  ["on one line", `layer { a: 2 }`, "b", `layer { a: 2 b: 1 }`],
  ["on lines, with tabs", `layer {\n\ta: 2\n}`, "b", `layer {\n\ta: 2\n\tb: 1\n}`],
  ["behind a comment", `layer {\n  a: 2 # two\n}`, "b", `layer {\n  a: 2 # two\n  b: 1\n}`],
  ["in an empty message", `layer {}`, "b", `layer { b: 1 }`],
  ["in an empty message with a comment", `layer { # none\n}`, "b", `layer { b: 1 # none\n}`],
  ["behind a separator", `layer { a: 2; }`, "b", `layer { a: 2; b: 1 }`],
  [
    "with the ends of lines that the text has",
    `layer {\r\n  a: 2\r\n}\r\n`,
    "b",
    `layer {\r\n  a: 2\r\n  b: 1\r\n}\r\n`,
  ],
  ["within angle brackets", `layer < a: 2 >`, "b", `layer < a: 2 b: 1 >`],
  ["instead of a value", `layer { b: 2 # two\n}`, "b", `layer { b: 1 # two\n}`],
  ["instead of the last of several", `layer { b: 2 b: 3 }`, "b", `layer { b: 2 b: 1 }`],
  ["in a message that is there", `layer { p { a: 2 } }`, "p.b", `layer { p { a: 2 b: 1 } }`],
  ["with the messages around it", `layer { a: 2 }`, "p.q.b", `layer { a: 2 p { q { b: 1 } } }`],
])("set puts a field %s", (_, before, path, after) => {
  expect(edited(before, set(path))).toBe(after);
});

const remove = (name: string) => (editor: Editor, _: FileNode, owner: FieldNode, body: MessageNode | FileNode) => {
  const field = body.fields.find((each) => each.name === name);
  return field ? editor.remove(field, owner) : [];
};

test.each([
  ["with its line", `layer {\n  a: 2\n  b: 3\n}`, `layer {\n  b: 3\n}`],
  ["with its separator", `layer { a: 2, b: 3 }`, `layer { b: 3 }`],
  ["and leaves the comment before it", `layer {\n  # two\n  a: 2\n  b: 3\n}`, `layer {\n  # two\n  b: 3\n}`],
  ["and leaves the comment behind it", `layer {\n  a: 2 # two\n  b: 3\n}`, `layer {\n  # two\n  b: 3\n}`],
  [
    "and leaves the blanks before a comment that others share",
    `layer { b: 3 a: 2  # two\n}`,
    `layer { b: 3   # two\n}`,
  ],
  ["with a message that has nothing else", `layer {\n  a: 2\n}\nx: 1`, `x: 1`],
  ["but not the message if a comment stands there", `layer { # why\n  a: 2\n}\n`, `layer { # why\n}\n`],
])("remove takes a field away %s", (_, before, after) => {
  expect(edited(before, remove("a"))).toBe(after);
});

test.each([
  [0, `a: [1, 2, 3]`, `a: [2, 3]`],
  [1, `a: [1, 2, 3]`, `a: [1, 3]`],
  [2, `a: [ 1 , 2 , 3 ]`, `a: [ 1 , 2 ]`],
  [0, `a: [1]`, `a: []`],
  [1, `a: [1, # one\n  2 # two\n]`, `a: [1 # one\n   # two\n]`],
  [0, `a: [1 # one, no more\n , 2]`, `a: [ # one, no more\n  2]`],
])("removeValue takes value %i out of %j", (index, before, after) => {
  const removeValue = (editor: Editor, _: FileNode, { value }: FieldNode) => {
    const list = value as ListNode;
    return editor.removeValue(list, list.values[index]);
  };
  expect(edited(before, removeValue)).toBe(after);
});

test("fields of several lines take the indentation of their neighbour", () => {
  const before = `net {\n    layer {\n        a: 2\n    } # first\n}\n`;
  const after = `net {\n    layer {\n        a: 2\n    } # first\n    layer {\n      b: 1\n    }\n}\n`;
  expect(edited(before, (editor, _, __, body) => editor.insertAfter(body.fields[0], "layer {\n  b: 1\n}"))).toBe(after);
  const onOneLine = edited("net { layer { a: 2 } }", (editor, _, __, body) =>
    editor.insertAfter(body.fields[0], "layer {\n  b: 1\n}"),
  );
  expect(onOneLine).toBe("net { layer { a: 2 } layer { b: 1 } }");
});

test("the indentation of one level is that of the text", () => {
  const indentation = (text: string) => new Editor(text).indentation(treeOf(text));
  expect(["layer {\n\ta: 1\n}", "layer {\n    a: 1\n}", "layer { a: 1 }", ""].map(indentation)).toEqual([
    "\t",
    "    ",
    "  ",
    "  ",
  ]);
});

test("edits overlap where they change the same characters or insert at one place", () => {
  const edit = (start: number, end: number) => ({ start, end, replacement: "" });
  expect(overlap(edit(0, 2), edit(1, 3))).toBe(true);
  expect(overlap(edit(1, 1), edit(1, 1))).toBe(true);
  expect(overlap(edit(0, 2), edit(1, 1))).toBe(true);
  expect(overlap(edit(0, 2), edit(2, 3))).toBe(false);
});

/** The tokens and comments of a text. */
function tokensOf(text: string): readonly string[] {
  const lexer = new Lexer(text, new Issues());
  const tokens: { readonly offset: number; readonly text: string }[] = [];
  for (; lexer.kind !== "end"; lexer.advance()) tokens.push({ offset: lexer.offset, text: lexer.raw });
  return [...tokens, ...lexer.comments].sort((a, b) => a.offset - b.offset).map((each) => each.text);
}

test("no edit joins tokens, or puts one into a comment", () => {
  const tokens = [
    "a",
    "b_1",
    "5",
    "-",
    "2.5",
    "1e-3",
    "0x1",
    '"s # s"',
    "'s'",
    "{",
    "}",
    "[",
    "]",
    ",",
    ";",
    ":",
    "# c",
  ];
  const token = fc.constantFrom(...tokens);
  const gap = fc.constantFrom("", "", " ", "\n", "\r\n", "\t");
  // Blanks that are needed between two tokens, besides those that are drawn.
  const needed = (left: string, right: string) =>
    left.startsWith("#") ? "\n" : /[\w.-]$/.test(left) && /^[\w.-]/.test(right) ? " " : "";
  const change = fc.tuple(fc.nat(30), fc.nat(3), fc.array(token, { maxLength: 3 }));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(token, gap), { maxLength: 20 }),
      fc.array(change, { maxLength: 4 }),
      (drawn, changes) => {
        let text = "";
        const ends: { readonly start: number; readonly end: number }[] = [];
        for (const [each, blanks] of drawn) {
          text += needed(tokens.find((known) => text.endsWith(known)) ?? text.slice(-1), each);
          ends.push({ start: text.length, end: text.length + each.length });
          text += each + (each.startsWith("#") ? "\n" : blanks);
        }
        const edits: Edit[] = [];
        const expected = drawn.map(([each]) => [each]);
        let behind = 0;
        for (const [at, removed, by] of changes.toSorted(([a], [b]) => a - b)) {
          const [first, last] = [Math.max(at, behind), Math.min(Math.max(at, behind) + removed, drawn.length)];
          if (first >= last) continue;
          const replacement = by.filter((each) => !each.startsWith("#")).join(" ");
          edits.push({ start: ends[first].start, end: ends[last - 1].end, replacement });
          expected.splice(first, last - first, [replacement], ...expected.slice(first + 1, last).map(() => []));
          behind = last;
        }
        expect(tokensOf(applyEdits(text, edits))).toEqual(expected.flat().flatMap(tokensOf));
      },
    ),
    { numRuns: 1000 },
  );
});

test.each([
  ["a: falseb: 1", [{ start: 3, end: 8, replacement: "true" }], "a: true b: 1"],
  ["a: 1,b: 1", [{ start: 4, end: 5, replacement: "" }], "a: 1 b: 1"],
  ["a: 1 # c\nb: 2", [{ start: 8, end: 9, replacement: "" }], "a: 1 # c\nb: 2"],
  ["a: 1 # c\nb: 2", [{ start: 8, end: 8, replacement: " d: 1" }], "a: 1 # c\n d: 1\nb: 2"],
  ['a: "#"b: 2', [{ start: 6, end: 6, replacement: "d: 1" }], 'a: "#"d: 1 b: 2'],
  ["ab", [{ start: 1, end: 1, replacement: "" }], "ab"],
])("what an edit would join in %s stays apart", (text, edits, after) => {
  expect(applyEdits(text, edits)).toBe(after);
});
