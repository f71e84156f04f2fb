import type { HostStep, Step } from "../program.js";
import type { Span } from "../span.js";
import { usesOf } from "../uses.js";
import type { Plan } from "./plan-draft.js";

/** Gradients of parameters, and who wants to know when backward has computed them. */
export interface GradientGroup {
  readonly spans: readonly Span[];
  /** Called in each backward, right after the last step that adds to one of these spans. It may read and write them. */
  ready(): void;
}

/** Adds a step to backward for each group whose gradients it computes. It comes after all other passes: no chain is broken. */
export function announceGradients(plan: Plan, groups: readonly GradientGroup[]): Plan {
  if (!plan.backward || groups.length === 0) return plan;
  const backward: Step[] = [...plan.backward];
  for (const { spans, ready } of groups) {
    const roots = new Set(spans.map(({ root }) => root));
    const last = backward.findLastIndex((step) => usesOf(step).writes.some(({ span }) => roots.has(span.root)));
    const before = backward[last];
    if (!before) continue;
    const step: HostStep = {
      kind: "host",
      label: "gradients are ready",
      layer: before.layer,
      run: ready,
      reads: spans,
      writes: spans,
    };
    backward.splice(last + 1, 0, step);
  }
  return { ...plan, backward };
}
