import type { Log } from "../util/log.js";
import { colorsFor } from "./colors.js";
import { glog } from "./glog.js";

/** What a terminal obeys, or what changes the order in which a text is read; but line ends and tabs. */
const unsafe = /(?!\r?\n|\t)[\p{Cc}\p{Bidi_Control}]/gu;

/** The sequences that `colorsFor` makes: bold, dim, underlined, red, green, yellow, cyan, and the ends of these. */
const colors = /(\p{Cc}\[(?:1|2|4|22|24|31|32|33|36|39)m)/u;

/** A text as it can be shown on a terminal: control characters become `\u001b` and the like, which JSON reads too. */
export function escaped(text: string): string {
  return text.replaceAll(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Writes a text with nothing in it that a terminal obeys, except colors. All that commands print comes through here. */
export function print(text: string, stream: NodeJS.WriteStream = process.stdout): void {
  const { isColorSupported } = colorsFor(stream);
  const isColor = (part: string) => isColorSupported && part.startsWith("\u001b[") && colors.test(part);
  const parts = text.split(colors); // every second one is a color
  stream.write(parts.map((part, i) => (i % 2 === 1 && isColor(part) ? part : escaped(part))).join(""));
}

export function printJson(value: unknown): void {
  print(`${JSON.stringify(value)}\n`);
}

/** Writes a file's content to stdout: escaped on a terminal; as it is where a file or another program takes it. */
export function printContent(content: string | Uint8Array): void {
  if (process.stdout.isTTY) print(typeof content === "string" ? content : new TextDecoder().decode(content));
  else process.stdout.write(content);
}

export function printError(text: string): void {
  print(text, process.stderr);
}

/** Caffe's log lines, on stderr. */
export const caffeLog: Log = glog(printError);

/** Warnings and errors alone, on stderr; without those of upgrades where the age of a net does not matter. */
export function problems({ ofAge }: { readonly ofAge: boolean }): Log {
  return (severity, origin, message) => {
    if (severity === "info" || (!ofAge && origin.startsWith("upgrade_proto"))) return;
    printError(`${severity}: ${message}\n`);
  };
}
