import { offsetOf } from "../places.js";
import type { Rule } from "../rule.js";

/** A number right before a field's name, which is right before its colon or brace. */
const glued =
  /(0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)([A-Za-z_][A-Za-z0-9_]*)(\s*[:{<])?/y;

export const gluedNumber: Rule = {
  id: "glued-number",
  severity: "warning",
  summary: "a number and the name behind it have no space between them: `num_output: 64pad: 1`",

  *check({ issues, tree, text }) {
    for (const issue of issues) {
      if (issue.code !== "MOKA_TEXT_GLUED") continue;
      const offset = offsetOf(tree, issue);
      glued.lastIndex = offset;
      const [all = "", number = "", name = "", opener] = glued.exec(text) ?? [];
      const split = offset + number.length;
      yield {
        at: { line: issue.line, column: issue.column, offset, end: offset + number.length + name.length },
        message: issue.message,
        why: opener
          ? `Caffe's reader gives up here and loads nothing: it takes no name right behind a number. Moka reads ${number} and then the field ${name}.`
          : `Caffe's reader gives up here and loads nothing. Moka reads ${number || "the number"} and leaves the rest out, which may not be what was meant.`,
        fix: opener && all ? { edits: [{ start: split, end: split, replacement: " " }] } : undefined,
      };
    }
  },
};
