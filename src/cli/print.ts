import { escaped, oneLine } from "../util/escape.js";
import type { Log } from "../util/log.js";
import { betweenColors } from "./colors.js";
import { glog } from "./glog.js";

/** Writes a text, escaped except for its colors. All output of commands goes through here. */
export function print(text: string, stream: NodeJS.WriteStream = process.stdout): void {
  write(betweenColors(text.replaceAll(command, "$1\\u003a"), escaped), stream);
}

/** The beginning of a line that GitHub Actions would take for a command. */
const command = /^([ \t]*):(?=:)/gm;

/** Writes lines that are commands for GitHub Actions. */
export function printCommands(text: string): void {
  write(escaped(text), process.stdout);
}

/** Whatever the kind of the stream, a write that fails is an event of it, which `main.ts` handles. */
function write(content: string | Uint8Array, stream: NodeJS.WriteStream): void {
  try {
    stream.write(content);
  } catch (error) {
    stream.emit("error", error); // Node 20 writes to files and devices at once, and throws
  }
}

/** Removes what was printed in the last line of a terminal. */
export function clearLine(stream: NodeJS.WriteStream): void {
  write("\r\u001b[K", stream);
}

export function printJson(value: unknown): void {
  print(`${JSON.stringify(value)}\n`);
}

/** Writes the content of a file to stdout: escaped on a terminal, unchanged into a file or a pipe. */
export function printContent(content: string | Uint8Array): void {
  if (process.stdout.isTTY) print(typeof content === "string" ? content : new TextDecoder().decode(content));
  else write(content, process.stdout);
}

export function printError(text: string): void {
  print(text, process.stderr);
}

/** Writes log lines in Caffe's form to stderr. */
export const caffeLog: Log = glog(printError);

/** Writes warnings and errors to stderr; those about upgrades of old nets only with `upgrades`. */
export function problems({ upgrades }: { readonly upgrades: boolean }): Log {
  return (severity, origin, message) => {
    if (severity === "info" || (!upgrades && origin.startsWith("upgrade_proto"))) return;
    printError(`${severity}: ${oneLine(message)}\n`);
  };
}
