import { type InputParameter, InputParameterSchema } from "../../proto/gen/caffe_pb.js";
import { formatNet, formatText, parseNet } from "../../proto/text/index.js";
import type { FieldNode } from "../../proto/text/tree.js";
import { upgradeNetAsNeeded } from "../../proto/upgrade/net.js";
import { MokaError } from "../../util/errors.js";
import { silent } from "../../util/log.js";
import { counted } from "../../util/words.js";
import type { Edit } from "../edits.js";
import type { LintNet } from "../net.js";
import type { Rule } from "../rule.js";

const inputFields: ReadonlySet<string> = new Set(["input", "input_dim", "input_shape"]);

export const legacyFormat: Rule = {
  id: "legacy-format",
  severity: "info",
  summary: "layers or inputs in a form of 2015 or before: `layers { type: RELU }`, `input_dim`",

  *check(net) {
    const { tree, written } = net;
    const layers = tree.fields.find(({ name }) => name === "layers");
    const input = tree.fields.find(({ name }) => inputFields.has(name));
    if (layers && written.layers.length > 0) {
      const isV0 = written.layers.some((layer) => layer.layer !== undefined);
      const edits = upgradedText(net);
      yield {
        at: { line: layers.line, column: layers.column, offset: layers.offset, end: layers.nameEnd },
        message: `${counted(written.layers.length, "layer")} in the form of Caffe ${isV0 ? "before April 2014 (V0)" : "of 2014 (V1)"}`,
        why:
          'Caffe and Moka turn them into today\'s form, layer { type: "Convolution" }, each time they read the file; most other ' +
          "tools do not. Layer types and fields that came later cannot be used beside them.",
        fix: edits && { edits },
      };
    } else if (input && written.input.length > 0) {
      const edits = inputLayer(net);
      yield {
        at: input,
        message: `${counted(written.input.length, "input")} in the form of Caffe before March 2016: ${namesOf(tree.fields)}`,
        why:
          "Caffe and Moka make an Input layer of it each time they read the file, the first of the net; many other tools do " +
          "not know this form. Without shapes Caffe drops the inputs, and the layers that read them find nothing.",
        fix: edits && { edits },
      };
    }
  },
};

function namesOf(fields: readonly FieldNode[]): string {
  return [...new Set(fields.map(({ name }) => name).filter((name) => inputFields.has(name)))].join(", ");
}

/** The text as Caffe's tool upgrades it, with its comments; undefined if something would be lost. */
function upgradedText({ text, written, issues, failures }: LintNet): readonly Edit[] | undefined {
  if (failures.length > 0 || issues.some(({ severity }) => severity === "error")) return undefined;
  const { message } = parseNet(text);
  // The text of a net within a solver is only a part of the file.
  if (message.layers.length !== written.layers.length) return undefined;
  try {
    if (!upgradeNetAsNeeded(message, "", silent)) return undefined;
  } catch (error) {
    if (error instanceof MokaError) return undefined;
    throw error;
  }
  return [{ start: 0, end: text.length, replacement: formatNet(message) }];
}

/** Writes the Input layer that Caffe makes in place of the first input field; undefined if a layer is above it. */
function inputLayer(net: LintNet): readonly Edit[] | undefined {
  const { tree, text, edit, message, failures } = net;
  const [first, ...others] = tree.fields.filter(({ name }) => inputFields.has(name));
  const [layer] = message.layer;
  if (failures.length > 0 || !first || layer?.type !== "Input" || !layer.inputParam) return undefined;
  if (tree.fields.some(({ name, offset }) => name === "layer" && offset < first.offset)) return undefined;
  const indent = /(?:^|\n)([ \t]*)$/.exec(text.slice(0, first.offset))?.[1] ?? "";
  const inner = edit.indentation(tree);
  const step = (inner.startsWith(indent) && inner.slice(indent.length)) || "  ";
  const tops = layer.top.map((top) => `top: ${JSON.stringify(top)}`);
  const fields = [
    `name: "${layer.name}"`,
    `type: "Input"`,
    ...tops,
    ...inputParam(net, layer.inputParam, indent, step),
  ];
  const lines = ["layer {", ...fields.map((line) => step + line), "}"];
  const end = Math.max(first.end, first.separatorEnd);
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  return [
    { start: first.offset, end, replacement: lines.join(newline + indent) },
    ...others.flatMap((each) => edit.remove(each)),
  ];
}

/** The lines of `input_param`; shapes written on several lines keep their lines and comments. */
function inputParam(
  { tree, text, written }: LintNet,
  param: InputParameter,
  indent: string,
  step: string,
): readonly string[] {
  const shapes = tree.fields.filter(({ name, value }) => name === "input_shape" && value?.kind === "message");
  const bodies = shapes.map(({ nameEnd, end }) => text.slice(nameEnd, end).replace(/^\s*:?\s*/, ""));
  if (shapes.length !== written.input.length || !bodies.some((body) => body.includes("\n"))) {
    return [`input_param { ${formatText(InputParameterSchema, param).trimEnd().replaceAll(/\n\s*/g, " ")} }`];
  }
  const lines = bodies.flatMap((body) => {
    return `shape ${body}`.split(/\r?\n/).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
  });
  return ["input_param {", ...lines.map((line) => step + line), "}"];
}
