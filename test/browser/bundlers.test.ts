// The package as npm packs it, bundled by each bundler, in a page and in a worker of a real browser: with and without what shared
// memory needs.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFiles, loadImage, Net } from "../../src/index.js";
import { createImages } from "../../src/platform/node/index.js";
import { bundlers } from "./bundlers.js";
import { chromium, withoutChromium } from "./chromium.js";
import { PageServer } from "./server.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Below the repository, so that the dependencies of the package are found in its node_modules. */
const folder = join(root, "build", "bundlers");
const names = Object.keys(bundlers);

const net = `
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 16 kernel_size: 3 weight_filler { type: "msra" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" batch_norm_param { use_global_stats: false } }
  layer { name: "ip" type: "InnerProduct" bottom: "c" top: "y" inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
  layer { name: "prob" type: "Softmax" bottom: "y" top: "prob" }`;

interface Work {
  readonly error?: string;
  readonly pictures: readonly { readonly shape: readonly number[]; readonly sum: number }[];
  readonly reason: string;
  readonly prob: readonly number[];
  readonly description: string;
  readonly saved: number;
}

interface PortWork {
  readonly prob?: readonly number[];
  readonly saved?: number;
  /** Where no worker was started. */
  readonly code?: string;
  readonly message?: string;
}

interface Report {
  readonly bundler: string;
  readonly port: { readonly error?: string; readonly own?: PortWork; readonly started?: PortWork };
  readonly isIsolated: boolean;
  readonly page: Work;
  readonly worker: Work;
}

describe.skipIf(!chromium)(`a page bundled by${chromium ? "" : ` … (skipped: ${withoutChromium})`}`, () => {
  let server: PageServer<Report>;
  let wanted: Pick<Work, "pictures" | "prob">;
  const reports = new Map<string, Report[]>();

  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    const app = join(folder, "app");
    install(app);
    await Promise.all(names.map((name) => bundlers[name]?.(app, join(folder, name))));
    const files = await content();
    server = await PageServer.start((path) => files.get(path) ?? built(path));
    for (const kind of ["isolated", "plain"]) {
      reports.set(kind, await server.visitAll(`${kind}/all.html`, names.length));
    }
  }, 180_000);

  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The packed package, as `npm install` lays it down, beside the page's own files. */
  function install(app: string): void {
    cpSync(fileURLToPath(new URL("app", import.meta.url)), app, { recursive: true });
    const target = join(app, "node_modules", "moka-caffe");
    mkdirSync(target, { recursive: true });
    const args = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
    const name = execFileSync("npm", args, { cwd: root, encoding: "utf8", shell: process.platform === "win32" }).trim();
    execFileSync("tar", ["-xzf", join(folder, name), "-C", target, "--strip-components", "1"]);
  }

  function built(path: string): Uint8Array | undefined {
    const file = join(folder, path);
    return existsSync(file) && statSync(file).isFile() ? readFileSync(file) : undefined;
  }

  /** What the pages load, and what Node makes of it. */
  async function content(): Promise<Map<string, string | Uint8Array>> {
    const size = { width: 21, height: 13, channels: 3 };
    const data = Uint8Array.from({ length: 21 * 13 * 3 }, (_, i) => (i * 7 + Math.floor(i / 63) * 5) % 256);
    const jpg = await createImages().encode({ ...size, data }, "jpg");
    const png = await createImages().encode({ ...size, data }, "png");
    const files = createFiles();
    const trained = await Net.load(net, { files, seed: 5, engine: "wasm", threads: 2 });
    await trained.save("net.caffemodel.h5");
    const { prob = [] } = await trained.forward({ data: new Float32Array(192).map((_, i) => Math.sin(i * i)) });
    wanted = { pictures: [await summary(jpg), await summary(png)], prob: [...prob] };
    await trained.dispose();
    const frames = names.map((name) => `<iframe src="${name}/index.html"></iframe>`);
    return new Map<string, string | Uint8Array>([
      ["all.html", `<!doctype html>${frames.join("")}`],
      ["picture.jpg", jpg],
      ["picture.png", png],
      ["net.prototxt", net],
      ["net.caffemodel.h5", await files.read("net.caffemodel.h5")],
    ]);
  }

  async function summary(picture: Uint8Array): Promise<Work["pictures"][number]> {
    const { shape, data } = await loadImage(picture);
    return { shape, sum: data.reduce((sum, value, i) => sum + value * ((i % 7) + 1), 0) };
  }

  test.each(names.flatMap((name) => [[name, "isolated"] as const, [name, "plain"] as const]))(
    "%s, %s, reads pictures and weights, and computes what Node does",
    (name, kind) => {
      const report = reports.get(kind)?.find(({ bundler }) => bundler === name);
      expect(report?.isIsolated).toBe(kind === "isolated");
      for (const work of [report?.page, report?.worker]) {
        expect(work?.error).toBeUndefined();
        expect(work?.pictures.map(({ shape }) => shape)).toEqual(wanted.pictures.map(({ shape }) => shape));
        for (const [i, { sum }] of wanted.pictures.entries()) expect(work?.pictures[i]?.sum).toBeCloseTo(sum, 3);
        expect(work?.reason).toBe("MOKA_DATA");
        for (const [i, value] of wanted.prob.entries()) expect(work?.prob[i]).toBeCloseTo(value, 5);
        expect(work?.description).toMatch(kind === "isolated" ? /SIMD, 2 threads$/ : /SIMD, 1 thread$/);
        expect(work?.saved).toBeGreaterThan(1000);
      }
    },
  );

  test.each(names.flatMap((name) => [[name, "isolated"] as const, [name, "plain"] as const]))(
    "%s, %s, has nets in a worker by moka-caffe/worker",
    (name, kind) => {
      const { port } = reports.get(kind)?.find(({ bundler }) => bundler === name) ?? {};
      expect(port?.error).toBeUndefined();
      const isStarted = ["vite", "webpack"].includes(name);
      for (const work of isStarted ? [port?.own, port?.started] : [port?.own]) {
        for (const [i, value] of wanted.prob.entries()) expect(work?.prob?.[i]).toBeCloseTo(value, 5);
        expect(work?.saved).toBeGreaterThan(1000);
      }
      if (!isStarted) {
        const message = expect.stringContaining(
          "give connect() one in which serve() of moka-caffe/worker/host is called",
        );
        expect(port?.started).toMatchObject({ code: "MOKA_WORKER", message });
      }
    },
  );
});
