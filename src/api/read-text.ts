import { isMessage } from "@bufbuild/protobuf";
import { kindOf, kindOfText, kinds, textFile, wrongKind } from "../proto/file-kind.js";
import {
  type NetParameter,
  NetParameterSchema,
  type SolverParameter,
  SolverParameterSchema,
} from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { formatNet, formatSolver, type Parsed, parseNet, parseSolver } from "../proto/text/index.js";
import { upgradeNet } from "../proto/upgrade/net.js";
import { upgradeSolver } from "../proto/upgrade/solver.js";
import { check, MokaError } from "../util/errors.js";
import { type FileSource, type Files, isPath, readSource, sourceName } from "../util/files.js";
import type { Log } from "../util/log.js";
import { counted } from "../util/words.js";

/** A prototxt's text, and its file, if it has one. */
export interface Text {
  readonly text: string;
  readonly file: string | undefined;
}

/**
 * A net's prototxt: a file, its text, or the message it stands for. A string is a text if it has a `{` or a newline or begins
 * with a field (`net: …`), even if a path could too; else the path or address of a file. A message is upgraded in place if it has an
 * older form.
 */
export type NetSource = FileSource | NetParameter;

/** A solver's prototxt; see `NetSource`. */
export type SolverSource = FileSource | SolverParameter;

/** Whether a source is the text of a prototxt, and not its path. */
export function isText(source: unknown): source is string {
  return typeof source === "string" && /[{\n]/.test(source);
}

/** A message that is given as its text; any other source as it is. */
export function textOf(source: NetSource | SolverSource): FileSource {
  if (isPath(source)) return source;
  const bytes = (text: string) => new TextEncoder().encode(text); // a text could be a path
  if (isMessage(source, NetParameterSchema)) return bytes(formatNet(source));
  if (isMessage(source, SolverParameterSchema)) return bytes(formatSolver(source));
  return source;
}

/** Reads a text from a file, or takes the text itself. */
export async function readText(source: FileSource, files: Files): Promise<Text> {
  if (isText(source)) return { text: source, file: undefined };
  return { text: new TextDecoder().decode(await readTextBytes(source, files)), file: sourceName(source) };
}

/** Reads a prototxt's bytes. Throws if the file is empty, or plainly of another kind. */
export async function readTextBytes(source: FileSource, files: Files): Promise<Uint8Array> {
  const bytes = await readSource(files, source);
  const file = sourceName(source) ?? "what is given";
  check(bytes.length > 0, "MOKA_PARSE", `${file}: the file is empty, where a prototxt is wanted`);
  const kind = kindOf(bytes);
  if (kind === undefined || texts.has(kind)) return bytes;
  throw new MokaError("MOKA_PARSE", wrongKind(file, kind, "a prototxt"));
}

const texts: ReadonlySet<string> = new Set([kinds.net, kinds.solver, textFile]);

/** The net's message, in the current form. */
export async function readNet(source: NetSource, files: Files, log: Log): Promise<NetParameter> {
  return isNet(source) ? upgradeNet(source, nameOf(source), log) : netFrom(await readText(source, files), log);
}

export function isNet(source: NetSource): source is NetParameter {
  return !isPath(source) && isMessage(source, NetParameterSchema);
}

/** The name of a net's file for messages; "the net" for a text or a message. */
export function nameOf(source: NetSource): string {
  if (isNet(source) || isText(source)) return "the net";
  return sourceName(source) ?? "the net";
}

/** The solver's message, in the current form, and its text. A message that is given does not change. */
export async function readSolver(source: SolverSource, files: Files, log: Log): Promise<SolverText> {
  if (!isPath(source) && isMessage(source, SolverParameterSchema)) {
    const param = upgradeSolver(copyMessage(SolverParameterSchema, source), "the solver", log);
    return { param, file: undefined, text: formatSolver(param) };
  }
  const text = await readText(source, files);
  return { param: solverFrom(text, log), ...text };
}

interface SolverText extends Text {
  readonly param: SolverParameter;
}

/** Reads a net, and upgrades it to the current form. */
export function netFrom({ text, file }: Text, log: Log): NetParameter {
  const parsed = parseNet(text, { file });
  checkNet(parsed.message, { text, file });
  const message = accept(parsed, file, log);
  return upgradeNet(message, file ?? "<text>", log);
}

/** Throws if a text without layers is that of a solver. */
export function checkNet({ layer, layers }: NetParameter, { text, file }: Text): void {
  const isSolver = layer.length + layers.length === 0 && kindOfText(text) === kinds.solver;
  check(!isSolver, "MOKA_PARSE", wrongKind(file ?? "the text", kinds.solver, kinds.net));
}

function solverFrom({ text, file }: Text, log: Log): SolverParameter {
  const parsed = parseSolver(text, { file });
  const { net, netParam, trainNet, trainNetParam } = parsed.message;
  const isNet = !net && !netParam && !trainNet && !trainNetParam && kindOfText(text) === kinds.net;
  check(!isNet, "MOKA_PARSE", wrongKind(file ?? "the text", kinds.net, kinds.solver));
  const message = accept(parsed, file, log);
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
  const [ofFork, ...others] = issues.filter(({ code }) => code === "MOKA_TEXT_FORK_FIELD");
  if (ofFork) {
    const more = others.length > 0 ? ` (and ${counted(others.length, "more field")})` : "";
    log("info", "io.cpp:36", `${file ?? "<text>"}:${ofFork.line}:${ofFork.column}: ${ofFork.message}${more}`);
  }
  for (const issue of issues) {
    if (issue.code === "MOKA_TEXT_FORK_FIELD") continue;
    const refusal = issue.caffeRefuses ? " (Caffe would refuse this)" : "";
    log("warning", "io.cpp:36", `${file ?? "<text>"}:${issue.line}:${issue.column}: ${issue.message}${refusal}`);
  }
  return message;
}
