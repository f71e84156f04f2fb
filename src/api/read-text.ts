import type { NetParameter, SolverParameter } from "../proto/gen/caffe_pb.js";
import { type Parsed, parseNet, parseSolver } from "../proto/text/index.js";
import { upgradeNet } from "../proto/upgrade/net.js";
import { upgradeSolver } from "../proto/upgrade/solver.js";
import { MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";
import type { Log } from "../util/log.js";
import { counted } from "../util/words.js";

/** A prototxt's text, and its file, if it has one. */
export interface Text {
  readonly text: string;
  readonly file: string | undefined;
}

/** Reads a text from a path, or takes the text itself: a string without a newline is a path. */
export async function readText(pathOrText: string, files: Files): Promise<Text> {
  if (pathOrText.includes("\n")) return { text: pathOrText, file: undefined };
  return { text: await files.readText(pathOrText), file: pathOrText };
}

/** Reads a net, and upgrades it to the current form. */
export function netFrom({ text, file }: Text, log: Log): NetParameter {
  const message = accept(parseNet(text, { file }), file, log);
  return upgradeNet(message, file ?? "<text>", log);
}

export function solverFrom({ text, file }: Text, log: Log): SolverParameter {
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
