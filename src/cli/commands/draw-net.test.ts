import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { readPngHeader } from "../../platform/images/png.js";

const folder = mkdtempSync(join(tmpdir(), "moka-draw-net-"));
afterAll(() => rmSync(folder, { recursive: true }));
const model = fileURLToPath(new URL("../../../examples/article/deploy.prototxt", import.meta.url));

/** The size of the PNG that this call draws. */
async function drawn(...args: string[]): Promise<{ width: number; height: number }> {
  const output = join(folder, "net.png");
  const { code, out } = await moka(...args.slice(0, 1), model, output, ...args.slice(1));
  expect([code, out]).toEqual([0, `Drawing net to ${output}\n`]);
  const bytes = readFileSync(output);
  expect(readPngHeader(bytes, 2 ** 27)).toBeDefined();
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

test("a PNG with draw_net.py's words: from left to right, or as --rankdir says", async () => {
  const right = await drawn("draw_net");
  expect(right.width).toBeGreaterThan(right.height);
  const down = await drawn("draw_net", "--rankdir", "TB", "--phase", "ALL");
  expect(down.height).toBeGreaterThan(down.width);
  expect(await drawn("draw")).toEqual(down);
  expect(await drawn("draw_net", "--rankdir", "RL")).toEqual(right);
});
