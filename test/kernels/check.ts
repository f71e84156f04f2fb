import { expect } from "vitest";
import type { Engine } from "../../src/core/engine.js";
import type { KernelName } from "../../src/core/kernels.js";
import { renameSpan } from "../../src/core/passes/plan-draft.js";
import { type KernelStep, kernelStep } from "../../src/core/program.js";
import type { Memory, Span } from "../../src/core/span.js";
import { successorsOf, usesOf } from "../../src/core/uses.js";
import { ReferenceEngine } from "../../src/engines/reference/index.js";
import type { WasmEngine } from "../../src/engines/wasm/index.js";
import { type Case, guard, Maker } from "./maker.js";

/** What one span holds after a run. */
interface Outcome {
  /** The argument it is: `dx`, or `xs[1]`. */
  readonly name: string;
  readonly written: boolean;
  readonly before: Float64Array;
  readonly after: Float64Array;
  /** What lies before it and behind it. */
  readonly guards: readonly [Float64Array, Float64Array];
}

const oracles = { 32: new ReferenceEngine(32), 64: new ReferenceEngine(64) };

const known = new WeakMap<Case, readonly Outcome[]>();

/** What the reference makes of a case, computed once for all engines. */
export function expected(each: Case): readonly Outcome[] {
  const oracle = oracles[each.oracle];
  const outcomes = known.get(each) ?? runCase(each, oracle, new Maker(oracle), false, false);
  known.set(each, outcomes);
  return outcomes;
}

function makerOf(each: Case, memory: Memory, bare?: number): Maker {
  return new Maker(
    memory,
    bare,
    expected(each).map(({ before }) => before),
  );
}

/**
 * @param keeps whether the engine may keep what it computes of spans that are only read
 * @param poisons whether spans that are written as a whole, and by their kernel's row not read, start as NaN
 */
export function runCase(
  each: Case,
  engine: Engine,
  maker = makerOf(each, engine),
  keeps = false,
  poisons = true,
): readonly Outcome[] {
  try {
    const step = kernelStep(each.kernel, each.make(maker), 0) as KernelStep;
    const written = new Set(usesOf(step).writes.map(({ span }) => span));
    const constants = maker.made.flatMap(({ span, root }) => (keeps && !written.has(span) ? root : []));
    const before = maker.made.map(({ span }) => Float64Array.from(span.array));
    const read = new Set(usesOf(step).reads.map(({ span }) => span));
    for (const { span, rows, width } of poisons ? usesOf(step).writes : []) {
      if (!read.has(span) && rows * width >= span.count) span.array.fill(Number.NaN);
    }
    const compiled = engine.compile([step], new Set(constants));
    compiled.run(0, 1);
    compiled.release();
    return maker.made.map(({ span, root }, i) => ({
      name: argumentOf(step, span),
      written: written.has(span),
      before: before[i],
      after: Float64Array.from(span.array),
      guards: [
        Float64Array.from(root.array.slice(0, span.offset)),
        Float64Array.from(root.array.slice(span.offset + span.count)),
      ],
    }));
  } finally {
    for (const { root } of maker.made) root.release();
  }
}

/** The name of the argument a span is. In place it is two of them: then the last, as a rule the one that is written. */
function argumentOf({ args }: KernelStep, span: Span): string {
  const names = Object.entries(args).flatMap(([name, value]: [string, unknown]) =>
    Array.isArray(value)
      ? value.flatMap((one, i) => (one === span ? `${name}[${i}]` : []))
      : value === span
        ? name
        : [],
  );
  return names.at(-1) ?? span.name;
}

/**
 * Runs a case with each of its spans in turn at the very end of the memory, where reading further is an error.
 *
 * @param engine one whose memory may grow to `bytes`, without gaps in what is in use
 */
export function runAtTheEnd(each: Case, engine: WasmEngine, bytes: number): void {
  for (let last = 0, spans = 1; last < spans; last++) {
    let allocated = 0;
    const memory: Memory = {
      allocate(count) {
        if (allocated++ !== last || count === 0) return engine.allocate(count);
        const filler = engine.allocate(engine.bytesFree / 4 - count);
        const storage = engine.allocate(count);
        filler.release();
        expect(storage.array.byteOffset + storage.array.byteLength, "where the span ends").toBe(bytes);
        return storage;
      },
    };
    spans = runCase(each, engine, makerOf(each, memory, last)).length;
  }
}

/**
 * Runs a case once more for each span that may be written over another, and expects the same of it.
 *
 * @returns how many there were
 */
export function runOver(each: Case, engine: Engine): number {
  const pairs = successorsOf(kernelStep(each.kernel, each.make(makerOf(each, engine)), 0)).length;
  let runs = 0;
  for (let pair = 0; pair < pairs; pair++) {
    let names = "";
    const outcomes = [false, true].map((over) => {
      const maker = makerOf(each, engine);
      const step = kernelStep(each.kernel, each.make(maker), 0) as KernelStep;
      const [output, input] = successorsOf(step)[pair] as readonly [Span, Span];
      if (output.count !== input.count || usesOf(step).reads.some(({ span }) => span === output)) return [];
      names = `${argumentOf(step, output)} and ${argumentOf(step, input)}`;
      runs++;
      const compiled = engine.compile([over ? renameSpan(step, output, input) : step]);
      compiled.run(0, 1);
      compiled.release();
      const written = usesOf(step).writes.map(({ span }) => (over && span === output ? input : span));
      const values = written.map((span) => Float64Array.from(span.array));
      for (const { root } of maker.made) root.release();
      return values;
    });
    const isSame = outcomes[1].every((values, i) => sameBits(values, outcomes[0][i]));
    if (!isSame) fail(each, engine, `the bits differ when ${names} share memory`);
  }
  return runs;
}

/** Expects that the engine does what the reference does, nothing else, and the same each time. */
export function checkCase(each: Case, engine: Engine): void {
  const outcomes = runCase(each, engine);
  checkOutcomes(each, engine, outcomes);
  if (engine instanceof ReferenceEngine) return;
  if (preparing.has(each.kernel)) checkOutcomes(each, engine, runCase(each, engine, makerOf(each, engine), true));
  runCase(each, engine).forEach(({ name, after }, i) => {
    const changed = firstDifference(after, outcomes[i].after);
    if (changed === undefined) return;
    const values = `${shown(after[changed])} the second time, ${shown(outcomes[i].after[changed])} the first time`;
    fail(each, engine, `${name}[${changed}] is ${values}`);
  });
}

/** The kernels that prepare constants. */
const preparing: ReadonlySet<KernelName> = new Set<KernelName>(["conv", "convFused"]);

function checkOutcomes(each: Case, engine: Engine, outcomes: readonly Outcome[]): void {
  const wanted = expected(each);
  outcomes.forEach((outcome, i) => {
    const wrong =
      outsideOf(outcome) ??
      (outcome.written ? inaccuracy(outcome, wanted[i].after, each) : changeOf(outcome, each.kernel));
    if (wrong) fail(each, engine, wrong);
  });
}

/** The case and the engine stand behind what is wrong, which the test's headline begins with. */
function fail(each: Case, engine: Engine, wrong: string): never {
  expect.fail(`${wrong}; ${each.kernel}: ${each.title}; on ${engine.description}`);
}

/** What was written before the span or behind it. */
function outsideOf({ name, after, guards: [before, behind] }: Outcome): string | undefined {
  const [low, high] = [before, behind].map((values) => values.findIndex((value) => value !== guard));
  if (low < 0 && high < 0) return undefined;
  const [index, value] = low >= 0 ? [low - before.length, before[low]] : [after.length + high, behind[high]];
  return `${name}[${index}] was set to ${shown(value)}, outside of the ${after.length} values of ${name}`;
}

function changeOf({ name, before, after }: Outcome, kernel: KernelName): string | undefined {
  const changed = firstDifference(after, before);
  if (changed === undefined) return undefined;
  return `${name}[${changed}] is ${shown(after[changed])}, was ${shown(before[changed])}, though ${kernel} only reads ${name}`;
}

function inaccuracy({ name, after }: Outcome, wanted: Float64Array, { tolerance, floor }: Case): string | undefined {
  if (after.length !== wanted.length) return `${name} has ${after.length} values, expected ${wanted.length}`;
  let error = 0;
  let norm = 0;
  let worst = 0;
  let most = 0;
  for (let i = 0; i < wanted.length; i++) {
    const asSingle = Math.fround(wanted[i]);
    if (Number.isFinite(asSingle)) {
      if (Number.isNaN(after[i])) return `${name}[${i}] is NaN, expected ${shown(wanted[i])}`;
      const off = Math.abs(after[i] - wanted[i]);
      if (off > most) [worst, most] = [i, off];
      error += off ** 2;
      norm += wanted[i] ** 2;
    } else if (!Object.is(after[i], asSingle)) {
      return `${name}[${i}] is ${shown(after[i])}, not ${asSingle}`;
    }
  }
  const scale = Math.max(Math.sqrt(norm), floor * Math.sqrt(wanted.length));
  const relative = error === 0 ? 0 : Math.sqrt(error) / scale;
  if (relative <= tolerance) return undefined;
  return (
    `${name}[${worst}] is ${shown(after[worst])}, expected ${shown(wanted[worst])}, off by ${shown(most, 3)}; ` +
    `relative error of all of ${name} ${shown(relative, 3)}, tolerance ${tolerance}`
  );
}

function firstDifference(a: Float64Array, b: Float64Array): number | undefined {
  if (sameBits(a, b)) return undefined;
  const bits = new BigUint64Array(b.buffer);
  return new BigUint64Array(a.buffer).findIndex((value, i) => value !== bits[i]);
}

function sameBits(a: Float64Array, b: Float64Array): boolean {
  return Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
}

/** Nine digits tell all numbers of single precision apart. */
function shown(value: number, digits = 9): string {
  return Object.is(value, -0) ? "-0" : String(Number(value.toPrecision(digits)));
}
