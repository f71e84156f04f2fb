import { escaped } from "../util/escape.js";
import type { Log } from "../util/log.js";
import { betweenColors } from "./colors.js";
import { glog } from "./glog.js";

/** Writes a text, escaped except for its colors. All output of commands goes through here. */
export function print(text: string, stream: NodeJS.WriteStream = process.stdout): void {
  stream.write(betweenColors(text, escaped));
}

export function printJson(value: unknown): void {
  print(`${JSON.stringify(value)}\n`);
}

/** Writes the content of a file to stdout: escaped on a terminal, unchanged into a file or a pipe. */
export function printContent(content: string | Uint8Array): void {
  if (process.stdout.isTTY) print(typeof content === "string" ? content : new TextDecoder().decode(content));
  else process.stdout.write(content);
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
    printError(`${severity}: ${message}\n`);
  };
}
