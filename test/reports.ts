// Sample findings for the tests of formats.
import type { Report } from "../src/lint/formats/report.js";
import type { FoundProblem } from "../src/lint/lint.js";

/** A finding at the first occurrence of these words. */
export function findingAt(text: string, words: string, more: Partial<FoundProblem> = {}): FoundProblem {
  const offset = text.indexOf(words);
  const before = text.slice(0, offset).split("\n");
  const within = words.split("\n");
  const column = (before.at(-1) ?? "").length + 1;
  return {
    rule: "scale-without-bias",
    severity: "warning",
    line: before.length,
    column,
    endLine: before.length + within.length - 1,
    endColumn: (within.length === 1 ? column : 1) + (within.at(-1) ?? "").length,
    message: `layer "s" (Scale) has no bias_term: true`,
    why: 'Every channel of "y" has mean 0, and keeps that.',
    fixable: more.fix !== undefined,
    fix: undefined,
    divergesFrom: undefined,
    ...more,
  };
}

export const netText = `# a net
layer { name: "s" type: "Scale" }
layer {
\tname: "t"\ttype: "Scale"
}
`;

export const reports: readonly Report<FoundProblem>[] = [
  {
    file: "nets/a b.prototxt",
    text: netText,
    findings: [
      findingAt(netText, 'layer { name: "s" type: "Scale" }', {
        severity: "error",
        fix: { edits: [{ start: 39, end: 39, replacement: " scale_param { bias_term: true }" }] },
      }),
      findingAt(netText, 'layer {\n\tname: "t"\ttype: "Scale"\n}'),
      findingAt(netText, 'type: "Scale"\n', { severity: "info", endLine: 4, endColumn: 25 }),
    ],
  },
  { file: "empty.prototxt", text: "", findings: [] },
];
