/**
 * The training: one solver in the computing worker, what it did so far, and the calls that start, pause, step and reset it. The views
 * that show a training, and those that look into the running net, all use this one.
 */
import { batch, computed, signal } from "@preact/signals";
import type { MemoryFiles, Solver } from "moka-caffe/worker";
import { addDigits } from "./digits.js";
import { sayError } from "./messages.js";
import { computes } from "./moka.js";
import { mokaFiles, netFile, solverFile } from "./project.js";

/** `none`: nothing is loaded, or the texts were changed since. */
export type RunState = "none" | "loading" | "ready" | "running" | "failed";

/** One value of a curve. */
export interface Point {
  readonly iter: number;
  readonly value: number;
}

/** The curves of one training. */
export interface Curves {
  readonly loss: readonly Point[];
  readonly lr: readonly Point[];
  /** Outputs of tests by name, as `accuracy`: their mean over the test's batches. */
  readonly tests: Readonly<Record<string, readonly Point[]>>;
}

/** A training that has ended, for comparison. */
export interface PastRun {
  readonly id: number;
  readonly name: string;
  readonly curves: Curves;
  readonly isShown: boolean;
}

/** The curves of the training now. Its lists grow; `curves` tells when. */
interface GrowingCurves {
  readonly loss: Point[];
  readonly lr: Point[];
  readonly tests: { [name: string]: readonly Point[] };
}

const newRecord = (): GrowingCurves => ({ loss: [], lr: [], tests: {} });
let record = newRecord();
let lastRun = 0;

export const pastRuns = signal<readonly PastRun[]>([]);

export const runState = signal<RunState>("none");
export const solver = signal<Solver | undefined>(undefined);
/** The files of the running solver: what it saves lies there. */
export const runFiles = signal<MemoryFiles | undefined>(undefined);
export const iteration = signal(0);
export const loss = signal<number | undefined>(undefined);
export const lr = signal<number | undefined>(undefined);
export const curves = signal<Curves>({ ...record });
/** Iterations per second, over the last second. */
export const speed = signal<number | undefined>(undefined);
/** The weight file of the page that a training begins with; undefined: the fillers draw the weights. */
export const startFrom = signal<string | undefined>(undefined);
/** The seed in the place of the solver's `random_seed`, if the reader gave one. */
export const seed = signal<number | undefined>(undefined);

/** The output of tests that a reader looks at first: the accuracy, if there is one. From 0 to 1. */
export const accuracy = computed(() => {
  const { tests } = curves.value;
  const name = Object.keys(tests).find((each) => /acc/i.test(each));
  return name === undefined ? undefined : tests[name]?.at(-1)?.value;
});
export const maxIter = computed(() => {
  return Number(/^\s*max_iter\s*:\s*(\d+)/m.exec(solverFile.value?.text.value ?? "")?.[1] ?? 0);
});

/** What is told of a running training is told so often, in ms: the page draws it then. */
const pace = 100;
let publishing: ReturnType<typeof setTimeout> | undefined;
let latest: { readonly iter: number; readonly loss: number; readonly lr: number } | undefined;

/** Tells the views what the last iterations have brought. */
function publish(): void {
  clearTimeout(publishing);
  publishing = undefined;
  batch(() => {
    if (latest) {
      iteration.value = latest.iter + 1;
      loss.value = latest.loss;
      lr.value = latest.lr;
    }
    curves.value = { ...record };
  });
}

/** Keeps the curves of the training so far, and begins others. */
function beginRun(): void {
  if (record.loss.length > 1) {
    const name = `${++lastRun}: ${netFile.peek()?.name ?? ""}`;
    pastRuns.value = [...pastRuns.peek(), { id: lastRun, name, curves: record, isShown: true }];
  }
  record = newRecord();
  latest = undefined;
  batch(() => {
    iteration.value = 0;
    loss.value = undefined;
    speed.value = undefined;
    curves.value = { ...record };
  });
}

/** The texts that the solver was loaded with: it is loaded anew for others. */
let loadedFrom: string | undefined;
const textsNow = () => JSON.stringify([solverFile.value?.text.value, netFile.value?.text.value, seed.value]);

export const isStale = computed(() => {
  const now = textsNow();
  return solver.value !== undefined && loadedFrom !== now;
});

/** What a training begins with, of files that a training before has saved in `runFiles`. */
interface Start {
  /** Weights by layer name alone; the iteration is 0. */
  readonly weights?: string;
  /** Weights, history and iteration. */
  readonly snapshot?: string;
  /** The files of both that go along. */
  readonly files?: readonly string[];
}

/** Loads the solver of the texts as they are now. What ran before ends. */
export async function load({ weights, snapshot, files: saved = [] }: Start = {}): Promise<Solver | undefined> {
  const text = solverFile.value;
  if (!text) return undefined;
  const before = runFiles.value;
  const kept = before ? await Promise.all(saved.map(async (name) => [name, await before.read(name)] as const)) : [];
  await unload();
  runState.value = "loading";
  loadedFrom = textsNow();
  try {
    const files = mokaFiles();
    await addDigits(files, `${netFile.value?.text.value}${text.text.value}`);
    for (const [name, bytes] of kept) await files.write(name, bytes);
    const loaded = await computes().Solver.load(text.name, {
      files,
      threads: navigator.hardwareConcurrency,
      separateBatchNorm: true,
      ...(seed.value === undefined ? {} : { seed: seed.value }),
      ...(weights === undefined ? {} : { weights }),
      ...(snapshot === undefined ? {} : { snapshot }),
    });
    listen(loaded);
    batch(() => {
      runFiles.value = files;
      solver.value = loaded;
      iteration.value = loaded.iter;
      lr.value = loaded.lr;
      runState.value = "ready";
    });
    return loaded;
  } catch (error) {
    runState.value = "failed";
    throw error;
  }
}

/** Frees the solver; the curves stay. */
export async function unload(): Promise<void> {
  const { value: old } = solver;
  solver.value = undefined;
  runState.value = "none";
  // A running step ends after its iteration.
  if (old)
    await old.request("stop").then(
      () => old.dispose(),
      () => {},
    );
}

function listen(loaded: Solver): void {
  let since = performance.now();
  let count = 0;
  loaded.on("iteration", ({ iter, loss: value, lr: rate }) => {
    if (solver.peek() !== loaded) return;
    latest = { iter, loss: value, lr: rate };
    record.loss.push({ iter, value });
    record.lr.push({ iter, value: rate });
    count++;
    const now = performance.now();
    if (now - since > 1000) {
      speed.value = (1000 * count) / (now - since);
      [since, count] = [now, 0];
    }
    publishing ??= setTimeout(publish, pace);
  });
  loaded.on("test", ({ iter, net, outputs }) => {
    if (net === 0 && solver.peek() === loaded) addTest(iter, outputs);
  });
}

/** The solver of the texts as they are: the loaded one, or a new one. */
async function current(): Promise<Solver | undefined> {
  if (solver.value && loadedFrom === textsNow()) return solver.value;
  beginRun();
  try {
    return await load(startFrom.value === undefined ? {} : { weights: startFrom.value });
  } catch (error) {
    sayError(error);
    return undefined;
  }
}

/** Makes `count` iterations, or all until `max_iter`; ends early at `pause`. */
export async function train(count?: number): Promise<void> {
  const loaded = await current();
  if (!loaded || runState.value === "running") return;
  const wanted = count ?? Math.max(0, maxIter.value - loaded.iter);
  runState.value = "running";
  try {
    await loaded.step(wanted);
    publish();
    // As solve: a test at the end.
    if (count === undefined && !loaded.stopped && loaded.testNets.length > 0) {
      const outputs = await loaded.test(0);
      addTest(loaded.iter, outputs);
    }
    if (solver.value === loaded) runState.value = "ready";
  } catch (error) {
    publish();
    if (solver.value !== loaded) return;
    runState.value = "failed";
    sayError(error);
  }
}

function addTest(iter: number, outputs: Readonly<{ [name: string]: Float32Array }>): void {
  for (const [name, [value = Number.NaN]] of Object.entries(outputs)) {
    record.tests[name] = [...(record.tests[name] ?? []).filter((point) => point.iter !== iter), { iter, value }];
  }
  curves.value = { ...record, tests: { ...record.tests } };
}

/** Nothing, unless a training runs: a request would stop the next one. */
export async function pause(): Promise<void> {
  if (runState.value === "running") await solver.value?.request("stop");
}

/** Begins anew: the weights are drawn again, the curves are kept beside the new ones. */
export async function reset(): Promise<void> {
  await unload();
  loadedFrom = undefined;
  beginRun();
}

/** Saves weights, history and run: the names of the files in `runFiles`. */
export async function snapshot(): Promise<readonly string[]> {
  const { value: running } = solver;
  if (!running) return [];
  let saved: readonly string[] = [];
  const off = running.on("snapshot", ({ model, state, run }) => {
    saved = [model, state, ...(run === undefined ? [] : [run])];
  });
  await running.snapshot();
  off();
  return saved;
}

/** Goes on from a snapshot that was dropped, with the texts as they are. */
export async function resume(state: string): Promise<void> {
  beginRun();
  await load({ snapshot: state });
}

/**
 * Goes on with the texts as they are now: with the weights, history and iteration of the training so far where they fit the new net, or
 * else with the weights that fit. Returns which.
 */
export async function goOn(): Promise<"snapshot" | "weights" | undefined> {
  const { value: running } = solver;
  if (!running) return undefined;
  const wasRunning = runState.value === "running";
  if (wasRunning) await running.request("stop");
  const files = await snapshot();
  const [model, state] = files;
  if (model === undefined || state === undefined) return undefined;
  let kept: "snapshot" | "weights" = "snapshot";
  try {
    await load({ snapshot: state, files });
  } catch {
    kept = "weights";
    await load({ weights: model, files });
  }
  if (wasRunning) void train();
  return kept;
}
