import { kindOf, kindOfText, kinds, textFile } from "../proto/file-kind.js";
import type { NetParameter, SolverParameter } from "../proto/gen/caffe_pb.js";
import { type Parsed, parseNet, parseSolver } from "../proto/text/index.js";
import { upgradeNet } from "../proto/upgrade/net.js";
import { upgradeSolver } from "../proto/upgrade/solver.js";
import { check, MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";
import type { Log } from "../util/log.js";
import { counted } from "../util/words.js";

/** A prototxt's text, and its file, if it has one. */
export interface Text {
  readonly text: string;
  readonly file: string | undefined;
}

/** Whether a string is a prototxt itself, not its path: texts have a `{` or a line end, even if a path could too. */
export function isText(pathOrText: string): boolean {
  return /[{\n]/.test(pathOrText);
}

/** Reads a text from a path, or takes the text itself. */
export async function readText(pathOrText: string, files: Files): Promise<Text> {
  if (isText(pathOrText)) return { text: pathOrText, file: undefined };
  return { text: new TextDecoder().decode(await readTextBytes(pathOrText, files)), file: pathOrText };
}

/** Reads a prototxt's bytes. Throws if the file is plainly of another kind. */
export async function readTextBytes(path: string, files: Files): Promise<Uint8Array> {
  check(path !== "", "MOKA_FILE", "the path of a prototxt is empty");
  const bytes = await files.read(path);
  const kind = kindOf(bytes);
  const isOther = kind !== undefined && !texts.has(kind);
  check(!isOther, "MOKA_PARSE", `${path} is ${kind}, where a prototxt is wanted`);
  return bytes;
}

const texts: ReadonlySet<string> = new Set([kinds.net, kinds.solver, textFile]);

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
  check(!isSolver, "MOKA_PARSE", `${file ?? "the text"} is ${kinds.solver}, where ${kinds.net} is wanted`);
}

export function solverFrom({ text, file }: Text, log: Log): SolverParameter {
  const parsed = parseSolver(text, { file });
  const { net, netParam, trainNet, trainNetParam } = parsed.message;
  const isNet = !net && !netParam && !trainNet && !trainNetParam && kindOfText(text) === kinds.net;
  check(!isNet, "MOKA_PARSE", `${file ?? "the text"} is ${kinds.net}, where ${kinds.solver} is wanted`);
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
  for (const issue of issues) {
    const refusal = issue.caffeRefuses ? " (Caffe would refuse this)" : "";
    log("warning", "io.cpp:36", `${file ?? "<text>"}:${issue.line}:${issue.column}: ${issue.message}${refusal}`);
  }
  return message;
}
