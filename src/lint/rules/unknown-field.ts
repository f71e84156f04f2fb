import { forkOf } from "../../layers/registry.js";
import type { TextIssue } from "../../proto/text/index.js";
import type { FieldNode } from "../../proto/text/tree.js";
import { grouped } from "../../util/grouped.js";
import { memoized } from "../../util/memoized.js";
import { counted } from "../../util/words.js";
import { forkFields } from "../forks.js";
import type { LintLayer } from "../layer.js";
import type { Location } from "../location.js";
import type { LintNet } from "../net.js";
import { bodyAround, fieldAt, offsetOf } from "../places.js";
import type { Problem, Rule } from "../rule.js";

export const unknownField: Rule = {
  id: "unknown-field",
  severity: "warning",
  summary: "a field that Caffe's caffe.proto does not have, so that its reader refuses the file",

  *check(net) {
    const { places } = forkFields(net);
    for (const issue of net.issues) {
      const isReported = places.has(`${issue.line}:${issue.column}`);
      if (issue.code === "MOKA_TEXT_FORK_FIELD" && !isReported) yield forkProblem(net, issue);
    }
    const unknown = net.issues.filter(({ code, line, column }) => {
      return code === "MOKA_TEXT_UNKNOWN_FIELD" && !places.has(`${line}:${column}`);
    });
    for (const [message, issues] of grouped(unknown, ({ message }) => message)) {
      const isMistake = message.includes("did you mean") || message.includes("it is a field of");
      if (isMistake) for (const issue of issues) yield problemOf(net, issue, 0);
      else if (issues[0]) yield problemOf(net, issues[0], issues.length - 1);
    }
  },
};

function problemOf(net: LintNet, issue: TextIssue, more: number): Problem {
  const { tree } = net;
  const offset = offsetOf(tree, issue);
  const { field } = bodyAround(tree, offset);
  const at: Location = field ? { ...field, end: field.nameEnd } : issue;
  const layer = layersByField(net).get(fieldAt(tree, offset));
  return {
    at,
    message: issue.message + (more > 0 ? `; it stands in ${counted(more, "more place")}` : ""),
    why:
      `Caffe's reader gives up at a field it does not know, and loads nothing of the file.${ownerOf(layer)} Moka keeps the field ` +
      "where it stands, but nothing it says is done.",
  };
}

/** A field that Moka reads as a fork does. The reader reports each of them once. */
function forkProblem({ tree }: LintNet, issue: TextIssue): Problem {
  const { field } = bodyAround(tree, offsetOf(tree, issue));
  return {
    at: field ? { ...field, end: field.nameEnd } : issue,
    severity: "info",
    message: issue.message,
    why:
      "The reader of BVLC's Caffe gives up at a field it does not know, and loads nothing of the file. The forks of Caffe that have " +
      "this field read it, and so does Moka.",
  };
}

function ownerOf(layer: LintLayer | undefined): string {
  const fork = layer && forkOf(layer.type);
  return fork ? ` Layers of type ${layer.type} are ${fork}: its caffe.proto may have it.` : "";
}

const layersByField = memoized(({ layers }: LintNet) => {
  return new Map<FieldNode | undefined, LintLayer>(
    layers.flatMap((layer) => (layer.field ? [[layer.field, layer]] : [])),
  );
});
