// The example page, built as its script builds it, in a real browser: it learns what Node learns, and stays responsive meanwhile.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFiles, type MemoryFiles, Net, Solver } from "../../src/index.js";
import { chromium, withoutChromium } from "./chromium.js";
import { PageServer } from "./server.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const built = join(root, "build", "browser-example-test");

interface Report {
  readonly error?: string;
  readonly losses: readonly number[];
  readonly accuracies: readonly number[];
  /** How often the page drew, and how many clicks it handled, during the training. */
  readonly turnsInTraining: number;
  readonly clicks: number;
  readonly answer: { readonly pixels: readonly number[]; readonly prob: readonly number[] };
  readonly text: string;
  /** The saved weights, one byte a number. */
  readonly weights: readonly number[];
}

/** Clicks while the net learns, and sends what the page has seen. */
const observer = `
  const send = (report) => fetch("/report", { method: "POST", body: JSON.stringify(report) });
  const clicking = setInterval(() => document.getElementById("count").click(), 20);
  addEventListener("moka-example-done", ({ detail }) => {
    clearInterval(clicking);
    send({ ...detail, weights: [...detail.weights], text: document.getElementById("answer").textContent });
  });
  addEventListener("error", ({ message }) => send({ error: message }));
  addEventListener("unhandledrejection", ({ reason }) => send({ error: String(reason?.stack ?? reason) }));`;

describe.skipIf(!chromium)(`the example page${chromium ? "" : ` (skipped: ${withoutChromium})`}`, () => {
  let server: PageServer<Report>;

  beforeAll(async () => {
    execFileSync(process.execPath, ["scripts/browser-example.mjs", "--no-serve", "--out", built], { cwd: root });
    server = await PageServer.start((path) => {
      if (path === "observer.js") return observer;
      const file = join(built, path);
      if (!existsSync(file) || !statSync(file).isFile()) return undefined;
      const content = readFileSync(file);
      return path === "index.html"
        ? content.toString().replace("<head>", '<head><script src="observer.js"></script>')
        : content;
    });
  }, 180_000);

  afterAll(() => server?.close());

  /** What the page's program does, in Node. */
  async function learn(files: MemoryFiles, threads: number): Promise<Pick<Report, "losses" | "accuracies">> {
    const solver = await Solver.load("solver.prototxt", { files, threads, engine: "wasm" });
    const losses: number[] = [];
    const accuracies: number[] = [];
    solver.on("iteration", ({ loss }) => void losses.push(loss));
    solver.on("test", ({ outputs }) => void accuracies.push(outputs["accuracy"]?.[0] ?? Number.NaN));
    await solver.solve();
    await solver.dispose();
    return { losses, accuracies };
  }

  test.each([
    ["isolated", 2],
    ["plain", 1],
  ] as const)("%s, learns what Node does on %d threads, and reads a digit", async (kind, threads) => {
    const report = await server.visit(`${kind}/index.html?threads=${threads}`);
    expect(report.error).toBeUndefined();
    expect(report.turnsInTraining).toBeGreaterThan(10);
    expect(report.clicks).toBeGreaterThan(10);

    const text = (path: string) => readFileSync(join(root, "examples/browser", path), "utf8");
    const files = createFiles({
      "net.prototxt": text("net.prototxt"),
      "solver.prototxt": text("solver.prototxt"),
      "train_lmdb/data.mdb": readFileSync(join(built, "digits/train_lmdb/data.mdb")),
      "test_lmdb/data.mdb": readFileSync(join(built, "digits/test_lmdb/data.mdb")),
    });
    const wanted = await learn(files, threads);
    expect(report.losses).toHaveLength(80);
    // The last bits differ where only one of the two multiplies and adds in one instruction, and training makes them more.
    for (const [i, loss] of wanted.losses.slice(0, 10).entries()) expect(report.losses[i]).toBeCloseTo(loss, 3);
    expect(report.accuracies).toHaveLength(2);
    expect(report.accuracies[1]).toBeCloseTo(wanted.accuracies[1] as number, 1);
    expect(report.accuracies[1]).toBeGreaterThan(0.9);

    const net = await Net.load("net.prototxt", {
      files,
      weights: Uint8Array.from(report.weights),
      stages: ["deploy"],
      threads: 1,
    });
    const { prob = new Float32Array() } = await net.forward({ data: report.answer.pixels });
    await net.dispose();
    for (const [i, value] of prob.entries()) expect(report.answer.prob[i]).toBeCloseTo(value, 4);
    const best = prob.indexOf(Math.max(...prob));
    expect(report.text).toMatch(new RegExp(`^This is a ${best} \\(`));
  });
});
