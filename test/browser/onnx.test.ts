// `deploy` in a page, with onnxruntime-web.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromium, softwareGpu, withoutChromium } from "./chromium.js";
import type { OnnxReport } from "./onnx-page.js";
import { PageServer } from "./server.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = fileURLToPath(new URL("onnx-page.ts", import.meta.url));
const runtime = dirname(createRequire(import.meta.url).resolve("onnxruntime-web"));

const files = new Map<string, string | Uint8Array>([
  ["index.html", '<!doctype html><script type="module" src="onnx-page.js"></script>'],
]);

/** A file of the bundle, or of ONNX Runtime. */
function contentOf(path: string): string | Uint8Array | undefined {
  const [, name] = /^ort\/(ort-[\w.-]+)$/.exec(path) ?? [];
  return name === undefined ? files.get(path) : readFileSync(join(runtime, name));
}

let server: PageServer<OnnxReport>;

describe.skipIf(!chromium)(`in a browser${chromium ? "" : ` (skipped: ${withoutChromium})`}`, () => {
  beforeAll(async () => {
    const bundle = await rolldown({ cwd: root, input: page, platform: "browser", logLevel: "silent" });
    const { output } = await bundle.generate({ format: "esm" });
    for (const file of output) files.set(file.fileName, file.type === "chunk" ? file.code : file.source);
    server = await PageServer.start(contentOf);
  });

  afterAll(() => server.close());

  test.each(["isolated", "plain"])("onnxruntime-web computes what Moka does, in a page that is %s", async (kind) => {
    const report = await server.visit(`${kind}/index.html?provider=wasm`);
    expect(report.error).toBeUndefined();
    expect(report.difference).toBeLessThan(1e-5);
    expect(report.shapes).toEqual({ data: [3, 3, 12, 12], prob: [3, 4] });
  });

  test("a page without WebGPU says so", async () => {
    const report = await server.visit("isolated/index.html?provider=webgpu");
    expect(report.hasGpu).toBe(false);
    expect(report.error).toMatch(/^MokaError: ONNX Runtime cannot open the net with "webgpu": .*(GPU|adapter)/s);
  });

  test("WebGPU, in software, computes what Moka does", async ({ skip }) => {
    const report = await server.visit("isolated/index.html?provider=webgpu", softwareGpu);
    if (!report.hasGpu) skip("this browser has no WebGPU in software");
    expect(report.error).toBeUndefined();
    expect(report.difference).toBeLessThan(1e-5);
  });
});
