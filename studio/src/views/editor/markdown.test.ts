import { expect, test } from "vitest";
import { blocksOf, inlineOf } from "./markdown.js";

test("code and bold are parts, a link is its text, and nothing is HTML", () => {
  expect(inlineOf("a **b** `c*d*` [e](f.md) <b>g</b> \\*h")).toEqual([
    { kind: "text", text: "a " },
    { kind: "bold", text: "b" },
    { kind: "text", text: " " },
    { kind: "code", text: "c*d*" },
    { kind: "text", text: " " },
    { kind: "text", text: "e" },
    { kind: "text", text: " <b>g</b> *h" },
  ]);
  expect(inlineOf("`open **open")).toEqual([{ kind: "text", text: "`open **open" }]);
});

test("paragraphs, lists and blocks of code", () => {
  expect(blocksOf("One\ntwo\n\nList:\n- a\n  b\n- `c`\n\n```prototxt\nx {\n}\n```\nend")).toEqual([
    { kind: "paragraph", parts: [{ kind: "text", text: "One two" }] },
    { kind: "paragraph", parts: [{ kind: "text", text: "List:" }] },
    { kind: "list", items: [[{ kind: "text", text: "a b" }], [{ kind: "code", text: "c" }]] },
    { kind: "code", text: "x {\n}" },
    { kind: "paragraph", parts: [{ kind: "text", text: "end" }] },
  ]);
  expect(blocksOf("")).toEqual([]);
});
