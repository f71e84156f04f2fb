import { describe, expect, test } from "vitest";
import { findingAt, netText, reports } from "../../../test/reports.js";
import type { Finding } from "../lint.js";
import { formatHuman, type Paint } from "./human.js";

const same = (text: string) => text;
const plain: Paint = { bold: same, dim: same, red: same, yellow: same, cyan: same, green: same, underline: same };

test("a finding is its place, severity, message and rule, the code with carets, and why", () => {
  const [report] = reports;
  expect(report).toBeDefined();
  expect(
    formatHuman(reports, { paint: plain, width: 60 }),
  ).toBe(`nets/a b.prototxt:2:1  error  layer "s" (Scale) has no bias_term: true  scale-without-bias
  1 | # a net
> 2 | layer { name: "s" type: "Scale" }
    | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  Every channel of "y" has mean 0, and keeps that.
  fix: moka fix

nets/a b.prototxt:3:1  warning  layer "s" (Scale) has no bias_term: true  scale-without-bias
  2 | layer { name: "s" type: "Scale" }
> 3 | layer {
    | ^^^^^
  Every channel of "y" has mean 0, and keeps that.

nets/a b.prototxt:4:12  info  layer "s" (Scale) has no bias_term: true  scale-without-bias
  3 | layer {
> 4 |     name: "t"    type: "Scale"
    |                  ^^^^^^^^^^^^^
  Every channel of "y" has mean 0, and keeps that.

1 error, 1 warning, 1 note in 2 files; 1 of them \`moka fix\` repairs
`);
});

test("nothing found is said", () => {
  expect(formatHuman([{ file: "a", text: "", findings: [] }], { paint: plain, width: 80 })).toBe(
    "no problems in 1 file\n",
  );
});

test("reasons are wrapped, and long lines are cut around the place", () => {
  const text = `layer { ${'bottom: "x" '.repeat(20)}type: "Scale" ${'top: "y" '.repeat(20)}}\n`;
  const why = "word ".repeat(40).trim();
  const out = formatHuman([{ file: "a", text, findings: [findingAt(text, 'type: "Scale"', { why })] }], {
    paint: plain,
    width: 72,
  });
  const lines = out.split("\n").slice(1, -2);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(72);
  const [code = "", carets = ""] = lines;
  expect(code).toMatch(/^> 1 \| ….*…$/);
  expect(code.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe('type: "Scale"');
  expect(lines.slice(2).join(" ").replaceAll(/\s+/g, " ").trim()).toBe(why);
});

test("what would move a terminal's cursor is not printed", () => {
  const text = 'name: "\u001b[2J\u0007"\r\nlayer { }\r\n';
  const out = formatHuman([{ file: "a", text, findings: [findingAt(text, "layer { }")] }], { paint: plain, width: 72 });
  expect(out).toContain('  1 | name: "·[2J·"\n> 2 | layer { }\n    | ^^^^^^^^^\n');
});

test("colors follow the severity", () => {
  const tagged = Object.fromEntries(
    Object.keys(plain).map((name) => [name, (text: string) => `<${name}>${text}</>`]),
  ) as unknown as Paint;
  const out = formatHuman([{ file: "a", text: netText, findings: [findingAt(netText, "# a net")] }], {
    paint: tagged,
    width: 72,
  });
  expect(out).toContain("<underline>a:1:1</>  <yellow>warning</>  <bold>layer");
  expect(out).toContain("<yellow>^^^^^^^</>");
  expect(out).toContain("<yellow>1 warning</> in 1 file\n");
});

test("a place behind the end of the text, or of its line, is shown as far as it is there", () => {
  const at = (line: number, column: number) => ({
    ...findingAt(netText, "#"),
    line,
    column,
    endLine: line,
    endColumn: column,
  });
  const out = formatHuman([{ file: "a", text: netText, findings: [at(1, 40), at(99, 1)] }], {
    paint: plain,
    width: 72,
  });
  expect(out).toContain("a:1:40");
  expect(out).toContain("a:99:1");
});

describe("many findings", () => {
  const lines = Array.from({ length: 20 }, (_, i) => `layer { name: "l${i}" }`);
  const text = `${lines.join("\n")}\n`;
  const at = (index: number, changes: Partial<Finding> = {}) => ({
    ...findingAt(text, lines[index] ?? ""),
    message: `layer "l${index}" has ${index} bottoms`,
    ...changes,
  });
  const show = (findings: readonly Finding[], all = false) =>
    formatHuman([{ file: "a", text, findings }], { paint: plain, width: 80, all });

  test("of one kind are shown as the first of them, with the lines of the others", () => {
    const out = show(lines.map((_, index) => at(index)));
    expect(out.match(/^a:/gm)).toHaveLength(1);
    expect(out).toContain('a:1:1  warning  layer "l0" has 0 bottoms');
    expect(out).toContain("\n  and 19 more of this kind: lines 2, 3, 4, 5, 6, 7, 8, 9, …\n");
    expect(out).toMatch(/\n20 warnings in 1 file.*\n`moka lint --all` shows each of them\n$/);
  });

  test("are all shown with `all`, or if they are few, or of several kinds", () => {
    expect(
      show(
        lines.map((_, index) => at(index)),
        true,
      ).match(/^a:/gm),
    ).toHaveLength(20);
    expect(show([at(0), at(1), at(2)])).not.toContain("--all");
    const kinds = [
      at(0),
      at(1),
      at(2),
      at(3, { rule: "other" }),
      at(4, { message: "all else" }),
      at(5, { severity: "info" }),
    ];
    expect(show(kinds).match(/^a:/gm)).toHaveLength(6);
  });

  test("are shown in the order of their severity, then of the text", () => {
    const out = show([
      at(0, { severity: "info" }),
      at(1),
      at(2, { severity: "error" }),
      at(3),
      at(4, { severity: "error" }),
    ]);
    expect(out.match(/^a:\d+/gm)).toEqual(["a:3", "a:5", "a:2", "a:4", "a:1"]);
  });
});

test("line ends in names and files do not begin a line", () => {
  const finding = {
    ...findingAt(netText, "# a net"),
    message: 'layer "a\n::error\r\u2028"',
    why: 'because "a\n::error"',
  };
  const out = formatHuman([{ file: "a\n::b", text: netText, findings: [finding] }], { paint: plain, width: 80 });
  expect(out).toContain('a\\n::b:1:1  warning  layer "a\\n::error\\r\\u2028"');
  expect(out).not.toMatch(/^:/m);
});
