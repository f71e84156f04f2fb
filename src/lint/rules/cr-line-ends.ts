import { counted } from "../../util/words.js";
import { offsetOf } from "../places.js";
import type { Rule } from "../rule.js";

export const crLineEnds: Rule = {
  id: "cr-line-ends",
  severity: "error",
  summary: "a comment that hides what follows it, as the lines end with a carriage return (CR) only",

  *check({ issues, tree, text }) {
    const edits = text.includes("\n")
      ? undefined // Some lines end as they should: a CR may be a part of a comment.
      : Array.from(text.matchAll(/\r/g), ({ index }) => ({ start: index, end: index + 1, replacement: "\n" }));
    for (const issue of issues) {
      if (issue.code !== "MOKA_TEXT_LINE_END") continue;
      const { line, column } = issue;
      const [hidden = ""] = text.slice(offsetOf(tree, issue)).split("\n");
      const lines = hidden.split("\r").filter((each) => /^\s*[^\s#]/.test(each)).length;
      yield {
        at: { line, column },
        message: `a comment goes on behind a carriage return (CR), and hides ${counted(lines, "line")}`,
        why:
          "A line ends with a line feed (LF), with or without a CR before it. An editor shows lines where a CR stands alone, but Caffe " +
          "and Moka read them as parts of the comment: what they say is missing from the net, without a word.",
        fix: edits && { edits },
      };
    }
  },
};
