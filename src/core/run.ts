import { reasonOf } from "../util/errors.js";
import type { Compiled, Engine } from "./engine.js";
import type { HostStep, KernelStep, Program } from "./program.js";
import type { Span, Storage } from "./span.js";
import { usesOf } from "./uses.js";

/** Consecutive kernel calls `[from, to)` of the compiled list, or one host step. */
type Segment = { readonly layer: number } & (
  | { readonly from: number; readonly to: number }
  | { readonly host: HostStep }
);

/**
 * A program ready to run on an engine, whole or between two layers.
 *
 * Kernels of the same layer are dispatched together; between layers the runner can stop, so that a run may
 * start and end anywhere and be timed per layer.
 */
export class Runner {
  readonly #compiled: Compiled;
  readonly #segments: readonly Segment[];
  readonly #kernels: readonly KernelStep[];
  /** Where the kernels' spans lie, once noted. */
  #places: ReadonlyMap<Span, Storage> | undefined;

  constructor(program: Program, engine: Engine, constants?: ReadonlySet<Span>) {
    const kernels: KernelStep[] = [];
    const segments: Segment[] = [];
    for (const step of program.steps) {
      if (step.kind === "host") {
        segments.push({ layer: step.layer, host: step });
        continue;
      }
      const last = segments.at(-1);
      kernels.push(step);
      if (last && "to" in last && last.layer === step.layer) {
        segments[segments.length - 1] = { ...last, to: kernels.length };
      } else {
        segments.push({ layer: step.layer, from: kernels.length - 1, to: kernels.length });
      }
    }
    this.#compiled = engine.compile(kernels, constants);
    this.#segments = segments;
    this.#kernels = kernels;
  }

  /** Runs the steps of all layers from `low` to `high`, both included, in the program's order. */
  async run(low: number, high: number): Promise<void> {
    let from = -1;
    let to = -1;
    const flush = () => {
      if (from >= 0) this.#compiled.run(from, to);
      from = -1;
    };
    for (const segment of this.#segments) {
      if (segment.layer < low || segment.layer > high) continue;
      if ("host" in segment) {
        flush();
        const waiting = segment.host.run();
        if (waiting) await waiting;
      } else {
        if (from < 0) from = segment.from;
        to = segment.to;
      }
    }
    flush();
  }

  /** Notes where its spans lie, before others may have their memory. */
  notePlaces(): void {
    if (this.#places) return;
    const uses = this.#kernels.map(usesOf);
    const roots = new Set(uses.flatMap(({ reads, writes }) => [...reads, ...writes].map(({ span }) => span.root)));
    this.#places = new Map([...roots].map((span) => [span, span.storage]));
  }

  /** Whether its spans lie where they did when that was noted; false if it never was. */
  get isInPlace(): boolean {
    return this.#places !== undefined && [...this.#places].every(([span, storage]) => span.storage === storage);
  }

  release(): void {
    this.#compiled.release();
  }
}

/** A program as text, a line a step: `conv1: conv x=data y=conv1 w=conv1.0 …`. */
export function describeProgram(program: Program, layerNames: readonly string[]): string {
  return program.steps
    .map((step) => {
      const layer = layerNames[step.layer] ?? reasonOf(step.layer);
      if (step.kind === "host") return `${layer}: host: ${step.label}`;
      return `${layer}: ${step.kernel} ${Object.entries(step.args).map(describeArgument).join(" ")}`;
    })
    .join("\n");
}

function describeArgument([name, value]: [string, unknown]): string {
  const shown = (item: unknown): string => {
    if (Array.isArray(item)) return `[${item.map(shown).join(",")}]`;
    if (typeof item === "object" && item !== null && "name" in item) return String(item.name);
    return String(item);
  };
  return `${name}=${shown(value)}`;
}
