import { afterAll } from "vitest";
import { createEngine, type RunOptions } from "../../src/api/environment.js";
import type { Engine } from "../../src/core/engine.js";
import { blas } from "../blas.js";

export type EngineChoice = Required<Pick<RunOptions, "engine" | "threads">>;

const kinds = blas ? (["wasm", "blas"] as const) : (["wasm"] as const);

/** Every golden case runs on each of these. */
export const engineChoices: Readonly<Record<string, EngineChoice>> = {
  reference: { engine: "reference", threads: 1 },
  ...Object.fromEntries(
    kinds.flatMap((engine) =>
      [1, 2, 3].map((threads) => [
        `${engine} on ${threads} ${threads === 1 ? "thread" : "threads"}`,
        { engine, threads },
      ]),
    ),
  ),
};

/** Likewise, as what makes them. */
export const engines: Readonly<Record<string, () => Promise<Engine>>> = Object.fromEntries(
  Object.entries(engineChoices).map(([name, choice]) => [name, () => createEngine(choice)]),
);

/** Engines by name, each made once for all tests of a file: to start threads takes longer than most cases. */
export function sharedEngines(): (name: string) => Promise<Engine> {
  const made = new Map<string, Promise<Engine>>();
  afterAll(async () => {
    for (const engine of made.values()) await (await engine).dispose();
  });
  return (name) => {
    const engine = made.get(name) ?? createEngine(engineChoices[name]);
    made.set(name, engine);
    return engine;
  };
}

/** ‖a − b‖/‖b‖, or ‖a − b‖ where b is 0. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let distance = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    distance += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(distance) / (Math.sqrt(norm) || 1);
}
