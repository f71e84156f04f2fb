import { offsetOf } from "../places.js";
import { repairOf } from "../repair-text.js";
import type { Rule } from "../rule.js";

/** Issues that other rules report. */
const reportedElsewhere: ReadonlySet<string> = new Set([
  "MOKA_TEXT_UNKNOWN_FIELD",
  "MOKA_TEXT_FORK_FIELD",
  "MOKA_TEXT_GLUED",
]);

export const caffeRefuses: Rule = {
  id: "caffe-refuses",
  severity: "error",
  summary: "something in the text that Caffe's reader, or its upgrade of old nets, does not take",

  *check({ issues, failures, tree }) {
    for (const issue of issues) {
      if (!issue.caffeRefuses || reportedElsewhere.has(issue.code)) continue;
      const { line, column, message, severity } = issue;
      const offset = offsetOf(tree, issue);
      const edits = repairOf(issue, tree, offset);
      yield {
        at: { line, column },
        severity,
        message,
        why:
          severity === "warning"
            ? "Caffe's reader gives up here, and loads nothing of the file. Moka reads on, since what is meant is plain."
            : "Caffe's reader gives up here, and loads nothing of the file. Moka reads on, but what it cannot make sense of " +
              "is missing from the net: a default may stand in its place.",
        fix: edits && { edits },
      };
    }
    for (const { code, reason, place, layer } of failures) {
      yield {
        at: place ?? { line: 1, column: 1 },
        message: layer ? `layer "${layer.name}" (${layer.type}) ${reason}` : reason,
        why:
          code === "MOKA_LAYER" && !place
            ? "Moka does not load the file. Caffe does, and computes nothing."
            : "Caffe stops here, and so does Moka: neither loads the file. The rest of the file is checked as far as it can be read " +
              "without this.",
      };
    }
  },
};
