// Real nets, those of forks among them, go from text to binary and back, and from binary to binary, without a loss.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readNet, writeNet } from "../../src/proto/binary/index.js";
import { NetParameterSchema } from "../../src/proto/gen/caffe_pb.js";
import { formatText, parseText } from "../../src/proto/text/index.js";
import { concat } from "../../src/util/bytes.js";

const corpus = fileURLToPath(new URL("../../../shared/corpus/", import.meta.url));
const here = existsSync(`${corpus}prototxt.csv`);

/** The lines of a text in the order of the alphabet: fields without a number come last in a file. */
function linesOf(text: string): string {
  // Synopsys has two names for one value.
  return text.replaceAll("AVE_TF", "AVE_EXC_PAD").split("\n").sort().join("\n");
}

describe.skipIf(!here)(here ? "real nets" : "real nets (skipped: there is no ../shared/corpus)", () => {
  test("are the same from text to binary to text, and from binary to binary", () => {
    const rows = readFileSync(`${corpus}prototxt.csv`, "utf8").split(/\r?\n/);
    const files = readdirSync(`${corpus}prototxt`).filter((file) => rows.some((row) => row.includes(`,${file},net_`)));
    expect(files).toHaveLength(397);
    const changedText: string[] = [];
    const changedBytes: string[] = [];
    for (const file of files) {
      const { message } = parseText(NetParameterSchema, readFileSync(`${corpus}prototxt/${file}`, "utf8"));
      const before = formatText(NetParameterSchema, message);
      const bytes = concat(writeNet(message));
      const read = readNet(bytes, file);
      const after = formatText(NetParameterSchema, read);
      if (after !== before && linesOf(after) !== linesOf(before)) changedText.push(file);
      if (Buffer.compare(concat(writeNet(read)), bytes) !== 0) changedBytes.push(file);
    }
    expect(changedText).toEqual([]);
    expect(changedBytes).toEqual([]);
  }, 120_000);
});
