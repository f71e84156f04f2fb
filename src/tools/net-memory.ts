import type { Net } from "../core/net.js";
import type { Step } from "../core/program.js";
import type { Span } from "../core/span.js";
import { usesOf } from "../core/uses.js";

/** Bytes of memory, by owner. */
export interface NetMemory {
  /** Memory that blobs and layers share. */
  readonly shared: number;
  /** Memory that single blobs and layers own. */
  readonly own: number;
  readonly params: number;
  /** The sum, without the memory that the engine's kernels use while they run. */
  readonly total: number;
  /** The memory that blobs and layers would need if none was shared. */
  readonly unshared: number;
}

/** The memory that whole runs of this net need at their peak, after all passes. Nothing runs. */
export function netMemory(net: Net): NetMemory {
  const { plan, memory: shared } = net.execution;
  const steps = [...plan.forward, ...(plan.backward ?? [])];
  const placed = new Set(shared?.placements.map(({ span }) => span));
  const params = new Set<Span>();
  const used = new Set<Span>();
  for (const { layer } of net.nodes) for (const { data } of layer.params) params.add(data.root);
  const { diffs, used: touched } = touchedBy(net, steps);
  for (const span of diffs) params.add(span);
  for (const span of touched) if (!params.has(span)) used.add(span);
  const count = (spans: Iterable<Span>) => 4 * [...spans].reduce((sum, span) => sum + span.count, 0);
  const own = count([...used].filter((span) => !placed.has(span)));
  const memory = { shared: 4 * (shared?.size ?? 0), own, params: count(params) };
  return { ...memory, total: memory.shared + own + memory.params, unshared: count(used) };
}

/** All spans that steps use, and those of them that are parameters' diffs. */
function touchedBy(net: Net, steps: readonly Step[]): { used: Set<Span>; diffs: Set<Span> } {
  const used = new Set<Span>();
  for (const step of steps) {
    const { reads, writes } = usesOf(step);
    for (const { span } of [...reads, ...writes]) used.add(span.root);
  }
  const diffs = net.nodes.flatMap(({ layer }) => layer.params.map(({ diff }) => diff.root));
  return { used, diffs: new Set(diffs.filter((span) => used.has(span))) };
}
