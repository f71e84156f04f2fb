// The page that browser.test.ts opens, bundled: it imports the package as a user's page does. Its address says on how many
// threads, and whether in a worker of its own; its server gets what came out.
import * as moka from "moka-caffe";
import { type Results, run } from "./program.js";

/** The part of a page's API that is used here. */
interface Page {
  readonly location: { readonly search: string; readonly href: string };
  readonly crossOriginIsolated: boolean;
  readonly document?: unknown;
  Worker: new (url: string, options?: { type: string }) => object;
  fetch(url: string, options: { method: string; body: string }): Promise<unknown>;
}

export interface Report extends Partial<Results> {
  readonly error?: string;
  readonly isIsolated: boolean;
  readonly hasSharedMemory: boolean;
  /** Whether all this ran in a worker. */
  readonly inWorker: boolean;
  /** How many workers were started where this ran. */
  readonly workers: number;
}

const page = globalThis as unknown as Page;
const asked = new URLSearchParams(page.location.search);

let workers = 0;
const { Worker } = page;
page.Worker = class extends Worker {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args);
    workers++;
  }
};

async function report(): Promise<void> {
  let results: Partial<Report>;
  try {
    results = await run(moka, Number(asked.get("threads")));
  } catch (error) {
    results = { error: String((error as Error).stack ?? error) };
  }
  const about = {
    isIsolated: page.crossOriginIsolated,
    hasSharedMemory: typeof SharedArrayBuffer !== "undefined",
    inWorker: page.document === undefined,
    workers,
  };
  await page.fetch("/report", { method: "POST", body: JSON.stringify({ ...results, ...about } satisfies Report) });
}

// A page that shall stay responsive runs Moka in a worker.
if (asked.has("worker") && page.document !== undefined)
  new Worker(import.meta.url + page.location.search, { type: "module" });
else await report();
