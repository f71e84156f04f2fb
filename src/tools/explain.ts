import type { Net } from "../core/net.js";
import type { Step } from "../core/program.js";
import type { Span } from "../core/span.js";
import { flopsOf, type Region, usesOf, valuesIn } from "../core/uses.js";
import type { Shape } from "../util/shape.js";
import { type CaffeMemory, caffeMemory } from "./caffe-memory.js";
import { type NetMemory, netMemory } from "./net-memory.js";

/** A blob, a parameter or a layer's own memory that a step reads or writes. */
export interface ExplainedBuffer {
  /** The name of a blob, with an apostrophe for its diff; a parameter or a layer's own memory is named as `conv1.0`. */
  readonly name: string;
  readonly shape: Shape;
  /** Its offset in bytes in the memory that blobs share; absent if it has its own memory. */
  readonly offset?: number;
}

export interface ExplainedStep {
  readonly direction: "forward" | "backward";
  /** Names of the layers that the step computes, wholly or in part. */
  readonly layers: readonly string[];
  /** The kernel's name, or the label of a host step. */
  readonly kernel: string;
  readonly isHost: boolean;
  readonly reads: readonly ExplainedBuffer[];
  readonly writes: readonly ExplainedBuffer[];
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Floating-point operations by definition of the kernel, whatever the engine does; 0 for host steps. */
  readonly flops: number;
}

export interface Explanation {
  readonly name: string;
  readonly phase: string;
  readonly engine: string;
  readonly steps: readonly ExplainedStep[];
  readonly totals: Readonly<Record<"forward" | "backward", Totals>>;
  readonly memory: NetMemory;
  readonly caffe: CaffeMemory;
}

export interface Totals {
  readonly steps: number;
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

const directions = ["forward", "backward"] as const;

/** The steps of a whole forward and backward of this net after fusion, and its use of memory. Nothing runs. */
export function explain(net: Net): Explanation {
  const { plan, memory } = net.execution;
  const offsets = new Map((memory?.placements ?? []).map(({ span, offset }) => [span, 4 * offset]));
  const shapes = shapesOf(net);
  const buffersOf = (regions: readonly Region[]) => {
    const spans = new Set(regions.map(({ span }) => span.root));
    return [...spans].map((span): ExplainedBuffer => {
      const offset = offsets.get(span);
      return { name: span.name, shape: shapeOf(span, net, shapes), ...(offset !== undefined && { offset }) };
    });
  };
  const steps = directions.flatMap((direction) => {
    const planned = plan[direction] ?? [];
    const recorded = plan[direction] ? net.program(direction).steps : [];
    const layersOf = layersByStep(net, planned, recorded);
    return planned.map((step): ExplainedStep => {
      const { reads, writes } = usesOf(step);
      return {
        direction,
        layers: recorded.includes(step) ? [net.layers[step.layer]?.name ?? ""] : (layersOf.get(step.layer) ?? []),
        kernel: step.kind === "host" ? step.label : step.kernel,
        isHost: step.kind === "host",
        reads: buffersOf(reads),
        writes: buffersOf(writes),
        bytesRead: bytesIn(reads),
        bytesWritten: bytesIn(writes),
        flops: flopsOf(step) ?? 0,
      };
    });
  });
  const totals = { forward: totalsOf(steps, "forward"), backward: totalsOf(steps, "backward") };
  return {
    name: net.name,
    phase: net.phase,
    engine: net.engine.description,
    steps,
    totals,
    memory: netMemory(net),
    caffe: caffeMemory(net, plan.backward !== undefined),
  };
}

function shapesOf(net: Net): ReadonlyMap<Span, Shape> {
  const shapes = new Map<Span, Shape>();
  for (const { layer, top } of net.nodes) {
    for (const { data, diff, shape } of [...top, ...layer.params]) {
      for (const { root } of [data, diff]) if (!shapes.has(root)) shapes.set(root, shape);
    }
  }
  return shapes;
}

/** A span's shape. A span that replaces a blob in a fused program has the blob's name with a tilde. */
function shapeOf(span: Span, net: Net, shapes: ReadonlyMap<Span, Shape>): Shape {
  const blob = net.blobs.get(span.name.replace(/~$/, ""));
  return shapes.get(span) ?? (blob?.count === span.count ? blob.shape : [span.count]);
}

/** The layers that each layer's planned steps compute: itself, and later layers that have no steps after fusion. */
function layersByStep(net: Net, planned: readonly Step[], recorded: readonly Step[]): ReadonlyMap<number, string[]> {
  const left = new Set(planned.map(({ layer }) => layer));
  const all = new Set(recorded.map(({ layer }) => layer));
  const names = new Map<number, string[]>();
  let last = -1;
  net.layers.forEach(({ name }, layer) => {
    if (left.has(layer)) last = layer;
    if (all.has(layer)) names.set(last, [...(names.get(last) ?? []), name]);
  });
  return names;
}

function bytesIn(regions: readonly Region[]): number {
  return 4 * regions.reduce((sum, region) => sum + valuesIn(region), 0);
}

function totalsOf(steps: readonly ExplainedStep[], direction: "forward" | "backward"): Totals {
  const own = steps.filter((step) => step.direction === direction);
  const sum = (amountOf: (step: ExplainedStep) => number) => own.reduce((total, step) => total + amountOf(step), 0);
  return {
    steps: own.length,
    flops: sum(({ flops }) => flops),
    bytesRead: sum(({ bytesRead }) => bytesRead),
    bytesWritten: sum(({ bytesWritten }) => bytesWritten),
  };
}
