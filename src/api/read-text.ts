import { isMessage } from "@bufbuild/protobuf";
import {
  type NetParameter,
  NetParameterSchema,
  type SolverParameter,
  SolverParameterSchema,
} from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { type Parsed, parseNet, parseSolver } from "../proto/text/index.js";
import { upgradeNet } from "../proto/upgrade/net.js";
import { upgradeSolver } from "../proto/upgrade/solver.js";
import { MokaError } from "../util/errors.js";
import { type FileSource, type Files, isPath, readSource, sourceName } from "../util/files.js";
import type { Log } from "../util/log.js";
import { counted } from "../util/words.js";

/** A prototxt's text, and its file, if it has one. */
export interface Text {
  readonly text: string;
  readonly file: string | undefined;
}

/**
 * A net's prototxt: a file, its text, or the message it stands for. A string is a text if it has a newline, else the path
 * or address of a file. A message is upgraded in place if it has an older form.
 */
export type NetSource = FileSource | NetParameter;

/** A solver's prototxt; see `NetSource`. */
export type SolverSource = FileSource | SolverParameter;

/** Reads a text from a file, or takes the text itself: a string without a newline is a path. */
export async function readText(source: FileSource, files: Files): Promise<Text> {
  if (!isPath(source)) {
    return { text: new TextDecoder().decode(await readSource(files, source)), file: sourceName(source) };
  }
  const pathOrText = String(source);
  if (isText(pathOrText)) return { text: pathOrText, file: undefined };
  return { text: await files.readText(pathOrText), file: pathOrText };
}

/** Whether a string is a prototxt's text, and not its path. */
export function isText(pathOrText: string): boolean {
  return pathOrText.includes("\n");
}

/** The net's message, in the current form. */
export async function readNet(source: NetSource, files: Files, log: Log): Promise<NetParameter> {
  return isNet(source) ? upgradeNet(source, nameOf(source), log) : netFrom(await readText(source, files), log);
}

export function isNet(source: NetSource): source is NetParameter {
  return !isPath(source) && isMessage(source, NetParameterSchema);
}

/** The name of a net's file for messages; "the net" for a text or a message. */
export function nameOf(source: NetSource): string {
  if (isNet(source) || (typeof source === "string" && isText(source))) return "the net";
  return sourceName(source) ?? "the net";
}

/** The solver's message, in the current form, and its file. A message that is given does not change. */
export async function readSolver(source: SolverSource, files: Files, log: Log): Promise<SolverText> {
  if (!isPath(source) && isMessage(source, SolverParameterSchema)) {
    return { param: upgradeSolver(copyMessage(SolverParameterSchema, source), "the solver", log), file: undefined };
  }
  const text = await readText(source, files);
  return { param: solverFrom(text, log), file: text.file };
}

interface SolverText {
  readonly param: SolverParameter;
  readonly file: string | undefined;
}

/** Reads a net, and upgrades it to the current form. */
export function netFrom({ text, file }: Text, log: Log): NetParameter {
  const message = accept(parseNet(text, { file }), file, log);
  return upgradeNet(message, file ?? "<text>", log);
}

function solverFrom({ text, file }: Text, log: Log): SolverParameter {
  const message = accept(parseSolver(text, { file }), file, log);
  return upgradeSolver(message, file ?? "<text>", log);
}

/** Logs the warnings of a text. Throws for an error, that is, if a part of the text could not be read. */
export function accept<T>({ message, issues }: Parsed<T>, file: string | undefined, log: Log): T {
  const errors = issues.filter(({ severity }) => severity === "error");
  const [first] = errors;
  if (first) {
    const more = errors.length > 1 ? ` (and ${counted(errors.length - 1, "more error")})` : "";
    throw new MokaError("MOKA_PARSE", first.message + more, { place: { file, ...first } });
  }
  for (const issue of issues) {
    const refusal = issue.caffeRefuses ? " (Caffe would refuse this)" : "";
    log("warning", "io.cpp:36", `${file ?? "<text>"}:${issue.line}:${issue.column}: ${issue.message}${refusal}`);
  }
  return message;
}
