import type { Log } from "../util/log.js";
import { colorsFor } from "./colors.js";
import { glog } from "./glog.js";

/** Control characters other than line ends and tabs, and marks that reverse the direction of a text. */
const unsafe = /(?!\r?\n|\t)[\p{Cc}\p{Bidi_Control}]/gu;

/** The escape sequences of `colorsFor`: bold, dim, underlined, red, green, yellow, cyan, and their ends. */
const colors = /(\p{Cc}\[(?:1|2|4|22|24|31|32|33|36|39)m)/u;

/** A text that is safe on a terminal: a control character becomes its escape, as `\u001b`, which is valid in JSON too. */
export function escaped(text: string): string {
  return text.replaceAll(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Writes a text, escaped except for colors. All output of commands goes through here; no name in a file moves the cursor. */
export function print(text: string, stream: NodeJS.WriteStream = process.stdout): void {
  const { isColorSupported } = colorsFor(stream);
  const isColor = (part: string) => isColorSupported && part.startsWith("\u001b[") && colors.test(part);
  const parts = text.split(colors); // parts 1, 3, 5 … are colors
  stream.write(parts.map((part, i) => (i % 2 === 1 && isColor(part) ? part : escaped(part))).join(""));
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
