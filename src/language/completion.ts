import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { fillerTypes } from "../fillers/index.js";
import { paramFieldOf } from "../layers/param-field.js";
import { layers } from "../layers/registry.js";
import { isForkField } from "../proto/fork-fields.js";
import { layoutOf } from "../proto/text/layout.js";
import type { Body, MessageNode } from "../proto/text/tree.js";
import { rules } from "../solvers/index.js";
import { policyNames } from "../solvers/lr-policy.js";
import { contractOf, detailOf, fieldContract, layerDetail } from "./describe.js";
import { type Document, documentOf, firstOf, layersOf, ownFields, pathTo, scalarsOf, textOf } from "./document.js";
import type { Completion, TextRange } from "./types.js";

export interface CompletionOptions {
  /** The names of files beside this one, for `net:` and similar fields. */
  readonly files?: readonly string[] | undefined;
}

/**
 * What can stand at an offset, the likeliest first: fields of the message around it, values of enums and booleans, types of layers, blobs
 * that the layers above make, files. A text that is half typed is the usual case.
 *
 * @example
 * ```ts
 * const [first] = await completionsAt('layer { name: "bn" type: "BatchNorm" batch_', 42);
 * console.log(first?.label); // batch_norm_param
 * ```
 */
export async function completionsAt(
  text: string,
  offset: number,
  options: CompletionOptions = {},
): Promise<readonly Completion[]> {
  const at = Math.max(0, Math.min(text.length, Math.trunc(offset) || 0));
  const place = placeOf(text, at);
  if (!place) return [];
  // The word itself is taken out: what stands there yet would change the structure around it.
  const around = text.slice(0, place.from) + text.slice(place.to);
  const document = documentOf(around);
  const { steps, schema, body } = pathTo(document, place.statementFrom);
  const inner = steps.at(-1)?.body === undefined ? steps.slice(0, -1) : steps;
  const message = schema ?? document.schema;
  const layer = layersOf(document).find((each) => inner.some((step) => step.body === each));
  const type = layer && firstOf(ownFields(layer), "type");
  const range = { from: place.from, to: place.to };
  if (place.field === undefined) {
    const isLayerBody = inner.at(-1)?.body === layer && layer !== undefined;
    return fieldCompletions(message, body, range, isLayerBody ? type : undefined, type);
  }
  return valueCompletions(document, message, place, layer, options);
}

interface Place extends TextRange {
  /** The field whose value is typed; undefined where a field's name is. */
  readonly field: string | undefined;
  /** Whether the word is within quotes that are open. */
  readonly quoted: boolean;
  /** Where the statement begins that the word belongs to. */
  readonly statementFrom: number;
}

/** What is typed at an offset; undefined in comments. */
function placeOf(text: string, offset: number): Place | undefined {
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  const line = text.slice(lineStart, offset);
  const scan = scanLine(line);
  if (scan.inComment) return undefined;
  const [word = ""] = /[\w./-]*$/.exec(line) ?? [];
  const from = scan.quoteAt === undefined ? offset - word.length : lineStart + scan.quoteAt + 1;
  const [after = ""] = (scan.quoteAt === undefined ? /^[\w./-]*/ : /^[^"'\n]*/).exec(text.slice(offset)) ?? [];
  const before = text.slice(0, scan.quoteAt === undefined ? from : from - 1);
  const [colon, field] = /([A-Za-z_]\w*)\s*:\s*$/.exec(before) ?? [];
  const inList = colon === undefined ? /([A-Za-z_]\w*)\s*:\s*\[[^\]\n{}]*$/.exec(before) : undefined;
  const statement = colon ?? inList?.[0];
  return {
    from,
    to: offset + after.length,
    field: field ?? inList?.[1],
    quoted: scan.quoteAt !== undefined,
    statementFrom: before.length - (statement?.length ?? 0),
  };
}

function scanLine(line: string): { readonly inComment: boolean; readonly quoteAt: number | undefined } {
  let quoteAt: number | undefined;
  for (let i = 0; i < line.length; i++) {
    const char = line[i];
    if (quoteAt !== undefined) {
      if (char === "\\") i++;
      else if (char === line[quoteAt]) quoteAt = undefined;
    } else if (char === "#") return { inComment: true, quoteAt: undefined };
    else if (char === '"' || char === "'") quoteAt = i;
  }
  return { inComment: false, quoteAt };
}

async function fieldCompletions(
  schema: DescMessage,
  body: Body,
  range: TextRange,
  layerType: string | undefined,
  contractType: string | undefined,
): Promise<readonly Completion[]> {
  const given = new Set(body.fields.map(({ name }) => name));
  const own = layerType === undefined ? undefined : paramFieldOf(layerType)?.name;
  const open = schema.fields.filter((field) => field.fieldKind === "list" || !given.has(field.name));
  const rank = (field: DescField) => {
    if (isForkField(field)) return 4;
    if (field.name === own) return 0;
    if (!field.name.endsWith("_param")) return 1;
    return layerType !== undefined && field.name !== "transform_param" ? 3 : 2;
  };
  const sorted = open.map((field, i) => ({ field, i })).sort((a, b) => rank(a.field) - rank(b.field) || a.i - b.i);
  return Promise.all(
    sorted.map(async ({ field }) => {
      const { name } = field;
      const isMessage = field.message !== undefined;
      const isString = field.scalar === ScalarType.STRING;
      const insert = isMessage ? `${name} {  }` : isString ? `${name}: ""` : `${name}: `;
      const about = await fieldContract(contractType, name);
      return {
        label: name,
        kind: isMessage ? ("message" as const) : ("field" as const),
        detail: detailOf(field),
        ...(about === undefined ? {} : { documentation: about }),
        insert,
        caret: isMessage ? insert.length - 2 : isString ? insert.length - 1 : insert.length,
        ...range,
      };
    }),
  );
}

async function valueCompletions(
  document: Document,
  message: DescMessage,
  { field = "", quoted, from, to }: Place,
  layer: MessageNode | undefined,
  { files = [] }: CompletionOptions,
): Promise<readonly Completion[]> {
  const desc = layoutOf(message).byName.get(field);
  const range = { from, to };
  const text = (value: string) => (quoted ? value : JSON.stringify(value));
  const make = (label: string, kind: Completion["kind"], insert: string, detail?: string): Completion => {
    return { label, kind, insert, ...(detail ? { detail } : {}), ...range };
  };
  if (message.name === "LayerParameter" && field === "type") {
    return Promise.all(
      layers.map(async ({ type }) => {
        const documentation = await contractOf(type);
        return {
          ...make(type, "type", text(type), layerDetail(type)),
          ...(documentation === undefined ? {} : { documentation }),
        };
      }),
    );
  }
  if (layer && (field === "bottom" || field === "top"))
    return blobsAbove(document, from).map((name) => make(name, "blob", text(name)));
  if (layer && field === "name") return [];
  if (/^(?:net|train_net|test_net|source|weights|mean_file)$/.test(field))
    return files.map((name) => make(name, "file", text(name)));
  if (desc?.enum) return desc.enum.values.map(({ name }) => make(name, "value", name, desc.enum?.name));
  if (desc?.scalar === ScalarType.BOOL) return ["true", "false"].map((value) => make(value, "value", value));
  return wordsFor(field, message).map((word) => make(word, "value", text(word)));
}

/** The strings that a field takes where Caffe's code knows them and its schema does not. */
function wordsFor(field: string, message: DescMessage): readonly string[] {
  if (field === "lr_policy") return policyNames;
  if (field !== "type") return [];
  return message.name === "FillerParameter"
    ? fillerTypes
    : message.name === "SolverParameter"
      ? rules.map(({ type }) => type)
      : [];
}

/** The blobs that are made above an offset, the nearest first. */
function blobsAbove(document: Document, offset: number): readonly string[] {
  const inputs = scalarsOf(document.tree, "input");
  const tops = layersOf(document).flatMap((layer) => scalarsOf(layer, "top"));
  const above = [...inputs, ...tops].filter((node) => node.offset < offset).map(textOf);
  return [...new Set(above.reverse())].filter((name) => name !== "");
}
