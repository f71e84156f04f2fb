import { excerpt } from "../../proto/text/tree.js";
import { counted } from "../../util/words.js";
import type { Edit } from "../edits.js";
import { swap } from "../fork-rewrite.js";
import { type MixedLayer, missingIn } from "../mixed-forms.js";
import type { LintNet } from "../net.js";
import { fieldOnOneLine } from "../one-line.js";
import type { Rule } from "../rule.js";

export const mixedForms: Rule = {
  id: "mixed-forms",
  severity: "error",
  summary: 'layers partly in today\'s form and partly in that of 2014: `layers { type: "Softmax" }`',

  *check(net) {
    for (const mixed of net.mixed) {
      const [first] = mixed.layers;
      if (!first) continue;
      const { field } = first;
      yield {
        at: { line: field.line, column: field.column, offset: field.offset, end: field.nameEnd },
        message: `${counted(mixed.layers.length, "layer")} of ${mixed.count} with something of the form of 2014: ${excerpt(signOf(first))}`,
        why:
          'Caffe takes a net of one form: layer { type: "Softmax" } with param { lr_mult: 1 }, or layers { type: SOFTMAX } with ' +
          "blobs_lr: 1. Of this file it loads nothing. Moka has checked the rest as if all were in today's form.",
        fix: { edits: mixed.layers.flatMap((layer) => editsOf(net, layer)) },
      };
    }
  },
};

/** A layer with what is of V1's form in it. */
function signOf({ field, body, type, lists }: MixedLayer): string {
  const given = body.fields.find(({ name }) => name === "type");
  const shown = given && (type || field.name === "layers") ? [fieldOnOneLine(given)] : [];
  const [list] = lists;
  return [field.name, "{", ...shown, ...(list ? [fieldOnOneLine(list)] : []), "}"].join(" ");
}

function editsOf(net: LintNet, { field, body, type, lists, specs }: MixedLayer): Edit[] {
  const edits: Edit[] = [];
  if (field.name === "layers") edits.push({ start: field.offset, end: field.nameEnd, replacement: "layer" });
  if (type) edits.push(...net.edit.replace(type.value, type.today));
  const params = body.fields.filter(({ name, value }) => name === "param" && value?.kind === "message");
  for (const [index, { value }] of params.entries()) {
    const missing = value?.kind === "message" ? missingIn(value, specs[index] ?? []) : [];
    if (value?.kind === "message" && missing.length > 0) {
      edits.push(...net.edit.insert(value, missing.map((each) => fieldOnOneLine(each)).join(" ")));
    }
  }
  const further = specs.slice(params.length).map((spec) => {
    return spec.length === 0 ? "param { }" : `param { ${spec.map((each) => fieldOnOneLine(each)).join(" ")} }`;
  });
  const [first] = lists;
  const own = first && /(?:^|\n)([ \t]*)$/.exec(net.text.slice(0, first.offset))?.[1];
  const newline = net.text.includes("\r\n") ? "\r\n" : "\n";
  return [...edits, ...swap(net, lists, further.join(own === undefined ? " " : newline + own))];
}
