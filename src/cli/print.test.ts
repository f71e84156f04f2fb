import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { moka } from "../../test/cli.js";
import { escaped } from "../util/escape.js";
import { colorsFor } from "./colors.js";
import { print, printContent } from "./print.js";

const folder = mkdtempSync(join(tmpdir(), "moka-print-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

/** A stream that keeps what is written to it. */
function streamWith(isTTY: boolean) {
  const written: unknown[] = [];
  return { stream: { isTTY, write: (text: unknown) => written.push(text) } as unknown as NodeJS.WriteStream, written };
}

test.each([
  ["a\tb\r\nc\n", "a\tb\r\nc\n"],
  ["\u001b[2J", "\\u001b[2J"],
  ["over\rwritten", "over\\rwritten"],
  ["\u009b2J \u007f\u0007\b", "\\u009b2J \\u007f\\u0007\\u0008"],
  ["turned \u202e round", "turned \\u202e round"],
  ["Größe 画像 👩‍👧", "Größe 画像 👩‍👧"],
])("%j is shown as %j", (text, shown) => {
  expect(escaped(text)).toBe(shown);
});

test("JSON stays JSON, of the same value", () => {
  const value = { name: "\u009b\u202e\u007f\u001b" };
  expect(JSON.parse(escaped(JSON.stringify(value)))).toEqual(value);
});

test.each([
  ["1", "\u001b[1m\\u001b[31mx\u001b[22m \u001b[31mred\u001b[39m\\u001b[0m"],
  ["", "\\u001b[31mx red\\u001b[0m"],
])("colors of moka's own are kept, those in a text are escaped, FORCE_COLOR=%s", (force, shown) => {
  vi.stubEnv("NO_COLOR", "");
  vi.stubEnv("FORCE_COLOR", force);
  const { stream, written } = streamWith(false);
  const { bold, red } = colorsFor(stream);
  print(`${bold("\u001b[31mx")} ${red("red")}\u001b[0m`, stream);
  expect(written).toEqual([shown]);
});

test("a file's content is escaped on a terminal alone", () => {
  const bytes = new TextEncoder().encode("name: \u001b[2J\n");
  for (const [isTTY, shown] of [
    [true, "name: \\u001b[2J\n"],
    [false, bytes],
  ] as const) {
    const { stream, written } = streamWith(isTTY);
    vi.spyOn(process, "stdout", "get").mockReturnValue(stream as typeof process.stdout);
    printContent(bytes);
    vi.restoreAllMocks();
    expect(written).toEqual([shown]);
  }
});

const evil = "\u001b]0;evil\u0007\u009b2J";
const net = join(folder, "net.prototxt");
// The text has the characters as they are in the strings' escapes, which the reader of prototxts resolves.
const quoted = "\\033]0;evil\\007\\302\\2332J";
writeFileSync(
  net,
  `name: "${quoted}" layer { name: "${quoted}" type: "Input" top: "${quoted}" input_param { shape { dim: 1 dim: 2 } } }
   layer { name: "ip" type: "InnerProduct" bottom: "${quoted}" top: "ip" inner_product_param { num_output: 2 } }
   layer { name: "bad" type: "Nonsense${quoted}" bottom: "ip" top: "y" include { stage: "bad" } }`,
);

test.each([
  [["summary", net]],
  [["summary", net, "--json"]],
  [["explain", net, "--engine", "reference"]],
  [["run", "--model", net, "--input", `${evil}=zeros`, "--blob", evil, "--engine", "reference"]],
  [["run", "--model", net, "--engine", "reference"]],
  [["time", "--model", net, "--iterations", "1", "--engine", "reference"]],
  [["lint", net]],
  [["lint", net, "--format", "github"]],
  [["summary", net, "--stage", "bad"]],
  [["summary", join(folder, evil)]],
  [["summary", net, `--${evil}`]],
  [["summary", net, "--phase", evil]],
  [[evil]],
])("nothing of a file or an argument reaches the terminal as it is: %j", async (args) => {
  const { out, err } = await moka(...args);
  expect(out + err).not.toBe("");
  expect(out + err).not.toMatch(/(?!\n|\t)\p{Cc}/u);
});
