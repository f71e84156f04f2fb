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
  readonly name: string;
  readonly written: boolean;
  readonly before: Float64Array;
  readonly after: Float64Array;
  readonly guards: readonly number[];
}

const oracles = { 32: new ReferenceEngine(32), 64: new ReferenceEngine(64) };

const known = new WeakMap<Case, readonly Outcome[]>();

/** What the reference makes of a case, computed once for all engines. */
export function expected(each: Case): readonly Outcome[] {
  const outcome = known.get(each) ?? runCase(each, oracles[each.oracle]);
  known.set(each, outcome);
  return outcome;
}

/** @param keeps whether the engine may keep what it computes of spans that are only read */
export function runCase(each: Case, engine: Engine, maker = new Maker(engine), keeps = false): readonly Outcome[] {
  try {
    const step = kernelStep(each.kernel, each.make(maker), 0) as KernelStep;
    const written = new Set(usesOf(step).writes.map(({ span }) => span));
    const constants = maker.made.flatMap(({ span, root }) => (keeps && !written.has(span) ? root : []));
    const before = maker.made.map(({ span }) => Float64Array.from(span.array));
    const compiled = engine.compile([step], new Set(constants));
    compiled.run(0, 1);
    compiled.release();
    return maker.made.map(({ span, root }, i) => ({
      name: span.name,
      written: written.has(span),
      before: before[i],
      after: Float64Array.from(span.array),
      guards: [...root.array.slice(0, span.offset), ...root.array.slice(span.offset + span.count)],
    }));
  } finally {
    for (const { root } of maker.made) root.release();
  }
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
    spans = runCase(each, engine, new Maker(memory, last)).length;
  }
}

/**
 * Runs a case once more for each span that may be written over another, and expects the same of it.
 *
 * @returns how many there were
 */
export function runOver(each: Case, engine: Engine): number {
  const pairs = successorsOf(kernelStep(each.kernel, each.make(new Maker(engine)), 0)).length;
  let runs = 0;
  for (let pair = 0; pair < pairs; pair++) {
    const outcomes = [false, true].map((over) => {
      const maker = new Maker(engine);
      const step = kernelStep(each.kernel, each.make(maker), 0) as KernelStep;
      const [output, input] = successorsOf(step)[pair] as readonly [Span, Span];
      if (output.count !== input.count || usesOf(step).reads.some(({ span }) => span === output)) return [];
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
    expect(isSame, `${each.title}, pair ${pair}: the same bits`).toBe(true);
  }
  return runs;
}

/** Expects that the engine does what the reference does, nothing else, and the same each time. */
export function checkCase(each: Case, engine: Engine): void {
  const outcomes = runCase(each, engine);
  checkOutcomes(each, outcomes);
  if (engine instanceof ReferenceEngine) return;
  if (preparing.has(each.kernel)) checkOutcomes(each, runCase(each, engine, new Maker(engine), true));
  runCase(each, engine).forEach(({ name, after }, i) => {
    expect(sameBits(after, outcomes[i].after), `${name} is the same the second time`).toBe(true);
  });
}

/** The kernels that prepare constants. */
const preparing: ReadonlySet<KernelName> = new Set<KernelName>(["conv", "convFused"]);

function checkOutcomes(each: Case, outcomes: readonly Outcome[]): void {
  const wanted = expected(each);
  outcomes.forEach(({ name, written, before, after, guards }, i) => {
    expect(
      guards.filter((value) => value !== guard),
      `what lies around ${name}`,
    ).toEqual([]);
    if (written) expectClose(after, wanted[i].after, each, name);
    else expect(sameBits(after, before), `${name}, which is only read, stays as it was`).toBe(true);
  });
}

function sameBits(a: Float64Array, b: Float64Array): boolean {
  return Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
}

function expectClose(actual: Float64Array, wanted: Float64Array, { tolerance, floor }: Case, name: string): void {
  expect(actual.length, `count of ${name}`).toBe(wanted.length);
  let error = 0;
  let norm = 0;
  for (let i = 0; i < wanted.length; i++) {
    const asSingle = Math.fround(wanted[i]);
    if (Number.isFinite(asSingle)) {
      error += (actual[i] - wanted[i]) ** 2;
      norm += wanted[i] ** 2;
    } else if (!Object.is(actual[i], asSingle)) {
      expect.fail(`${name}[${i}] is ${actual[i]}, not ${asSingle}`);
    }
  }
  const scale = Math.max(Math.sqrt(norm), floor * Math.sqrt(wanted.length));
  const relative = error === 0 ? 0 : Math.sqrt(error) / scale;
  if (!(relative <= tolerance)) {
    const worst = wanted.reduce((at, value, i) => {
      const distance = Math.abs(actual[i] - value);
      return distance > Math.abs(actual[at] - wanted[at]) || Number.isNaN(distance) ? i : at;
    }, 0);
    expect.fail(
      `${name}: relative error ${relative.toExponential(2)}, more than ${tolerance}; ` +
        `worst at ${worst} of ${wanted.length}: ${actual[worst]}, not ${wanted[worst]}`,
    );
  }
}
