// The package, bundled as for a user's page, in a real browser: with and without what shared memory needs, and in a worker.
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as moka from "../../src/index.js";
import { chromium, withoutChromium } from "./chromium.js";
import type { Report } from "./page.js";
import { run } from "./program.js";
import { PageServer } from "./server.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = fileURLToPath(new URL("page.ts", import.meta.url));

/** What the server has, by name. */
const files = new Map<string, string | Uint8Array>([
  ["index.html", '<!doctype html><script type="module" src="page.js"></script>'],
]);

let server: PageServer<Report>;

async function bundlePage(): Promise<void> {
  const bundle = await rolldown({ cwd: root, input: page, platform: "browser", logLevel: "silent" });
  const { output } = await bundle.generate({ format: "esm" });
  for (const file of output) files.set(file.fileName, file.type === "chunk" ? file.code : file.source);
}

describe.skipIf(!chromium)(`in a browser${chromium ? "" : ` (skipped: ${withoutChromium})`}`, () => {
  beforeAll(async () => {
    await bundlePage();
    server = await PageServer.start((name) => files.get(name));
  });

  afterAll(() => server.close());

  test.each([
    ["isolated from others, on two threads", "isolated/index.html?threads=2", true, false],
    ["isolated from others, on two threads, in a worker", "isolated/index.html?threads=2&worker", true, true],
    ["not isolated, on one thread", "plain/index.html?threads=2", false, false],
  ])("a page %s, computes what Node does", async (_, address, isIsolated, inWorker) => {
    const report = await server.visit(address);
    expect(report.error).toBeUndefined();
    expect(report).toMatchObject({
      isIsolated,
      hasSharedMemory: isIsolated,
      inWorker,
      workers: 2 * Number(isIsolated),
    });
    expect(report.description).toMatch(isIsolated ? /SIMD, 2 threads$/ : /SIMD, 1 thread$/);

    const wanted = await run(moka, isIsolated ? 2 : 1);
    const { losses = [], probabilities = [], findings } = report;
    expect(losses).toHaveLength(8);
    expect(losses[7]).toBeLessThan(0.5 * (losses[0] as number));
    for (const [i, loss] of wanted.losses.entries()) {
      expect(Math.abs(losses[i] / loss - 1), `iteration ${i}`).toBeLessThan(1e-5);
    }
    expect(probabilities).toHaveLength(4);
    for (const [i, value] of wanted.probabilities.entries()) expect(probabilities[i]).toBeCloseTo(value, 5);
    expect(findings).toContain("bias-before-bn");
    expect(findings).toEqual(wanted.findings);
  });
});
