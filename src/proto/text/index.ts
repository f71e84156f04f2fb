import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type NetParameter, NetParameterSchema, type SolverParameter, SolverParameterSchema } from "../gen/caffe_pb.js";
import { buildMessage } from "./builder.js";
import { Issues, type TextIssue } from "./issues.js";
import { parseTree } from "./parser.js";
import { formatText } from "./printer.js";
import type { FileNode } from "./tree.js";

export type { TextIssue, TextIssueCode } from "./issues.js";
export { formatText } from "./printer.js";

export interface ParseOptions {
  /** The name of the file, for `sourceOf` and for error messages about the net. */
  readonly file?: string | undefined;
}

/** A message, and the problems of its text in the order of the text. */
export interface Parsed<T> {
  /** What could be read, also of a text with problems. */
  readonly message: T;
  readonly issues: readonly TextIssue[];
}

/**
 * Reads a message in protobuf's text format. There is a message for every text: it holds what can be read. Text that
 * C++ protobuf refuses is read if its meaning is clear. See `issues.ts` for what is reported.
 *
 * Places, comments, and fields that the schema does not have are stored with the messages: see `sourceOf`,
 * `commentsOf` and `unknownFieldsOf`.
 */
export function parseText<Schema extends DescMessage>(
  schema: Schema,
  text: string,
  { file }: ParseOptions = {},
): Parsed<MessageShape<Schema>> & { readonly tree: FileNode } {
  const issues = new Issues();
  // Half of a pair of UTF-16 is no character: no file could hold it.
  const tree = parseTree(text.replaceAll(/\p{Surrogate}/gu, "\ufffd"), issues);
  const message = buildMessage(schema, tree, issues, file);
  return { message, issues: issues.sorted(), tree };
}

/**
 * Reads a net's prototxt of any version; V0 and V1 layers are not upgraded. Never throws for a malformed text.
 *
 * @example
 * ```ts
 * const { message, issues } = parseNet('name: "Mine"\nlayer { nam: "x" type: "ReLU" }');
 * console.log(message.name, message.layer[0].type); // Mine ReLU
 * console.log(issues[0].line, issues[0].message);
 * ```
 */
export function parseNet(text: string, options: ParseOptions = {}): Parsed<NetParameter> {
  const { message, issues } = parseText(NetParameterSchema, text, options);
  return { message, issues };
}

/**
 * Reads a solver's prototxt. Never throws for a malformed text.
 *
 * @example
 * ```ts
 * const { message } = parseSolver('base_lr: 0.01\nmax_iter: 100');
 * console.log(message.maxIter); // 100
 * ```
 */
export function parseSolver(text: string, options: ParseOptions = {}): Parsed<SolverParameter> {
  const { message, issues } = parseText(SolverParameterSchema, text, options);
  return { message, issues };
}

/**
 * The prototxt of a net, with the comments and unknown fields that it was read with.
 *
 * @example
 * ```ts
 * const { message } = parseNet(text);
 * message.name = "Mine";
 * console.log(formatNet(message).split("\n")[0]); // name: "Mine"
 * ```
 */
export function formatNet(message: NetParameter): string {
  return formatText(NetParameterSchema, message, { comments: true, unicode: true });
}

/**
 * The prototxt of a solver, as `formatNet`.
 *
 * @example
 * ```ts
 * const { message } = parseSolver('base_lr: 0.01 net: "train_val.prototxt"');
 * console.log(formatSolver(message).split("\n")[0]); // base_lr: 0.01
 * ```
 */
export function formatSolver(message: SolverParameter): string {
  return formatText(SolverParameterSchema, message, { comments: true, unicode: true });
}
