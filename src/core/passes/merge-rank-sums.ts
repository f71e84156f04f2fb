import type { Step } from "../program.js";
import { isRankSum, type RankSumStep, rankSumStep } from "../rank-sum.js";
import type { Span } from "../span.js";
import { usesOf } from "../uses.js";
import type { PlanDraft } from "./plan-draft.js";

/**
 * Makes one message of several sums over ranks that do not need each other's results, as those of the two branches of a
 * residual block: a message costs its latency, however short it is. The first sum waits for the second. The steps that need its
 * result wait too, and the other steps between the two run before.
 *
 * All ranks have the same steps, so they come to the same messages in the same order.
 */
export function mergeRankSums(draft: PlanDraft): void {
  const { forward, backward = [] } = draft.plan;
  for (const [start, all] of [
    [0, forward],
    [draft.middle, backward],
  ] as const) {
    const steps = [...all];
    for (let at = 0; at < steps.length; at++) {
      const region = isRankSum(steps[at] as Step) ? mergeFrom(steps, at) : undefined;
      if (!region) continue;
      const { end, before, sums, after } = region;
      const layers = steps.slice(at, end).map(({ layer }) => layer);
      steps.splice(at, end - at, ...before, mergedStep(sums), ...after);
      at += before.length;
      // A run that begins or ends between these layers takes the steps as recorded.
      draft.groups.push({ layers: [Math.min(...layers), Math.max(...layers)], unfuse: [] });
    }
    if (steps.length === all.length) continue;
    const positions = Array.from(all, (_, i) => start + i);
    draft.replace(positions, steps);
  }
}

/** The steps from position `at`, a sum, to `end`: those that run before the merged sums, and those after them. */
interface Region {
  readonly end: number;
  readonly before: readonly Step[];
  readonly sums: readonly RankSumStep[];
  readonly after: readonly Step[];
}

/** The longest region whose sums can be merged with the one at this position; undefined if none can. */
function mergeFrom(steps: readonly Step[], at: number): Region | undefined {
  const first = steps[at] as RankSumStep;
  const waiting = new Waiting(first);
  const before: Step[] = [];
  const sums = [first];
  const after: Step[] = [];
  let region: Region | undefined;
  for (let end = at + 1; end < steps.length; end++) {
    const step = steps[end] as Step;
    if (isOpen(step)) break;
    if (waiting.holds(step)) {
      after.push(step);
      waiting.add(step);
    } else if (isRankSum(step) && step.communicator === first.communicator) {
      sums.push(step);
      waiting.add(step);
      region = { end: end + 1, before: [...before], sums: [...sums], after: [...after] };
    } else before.push(step);
  }
  return region;
}

/** Whether a step may use any span, because it declares none. */
function isOpen(step: Step): boolean {
  return step.kind === "host" && step.reads.length + step.writes.length === 0;
}

/** The steps that run at the merged sums or later. */
class Waiting {
  readonly #reads = new Set<Span>();
  readonly #writes = new Set<Span>();
  #hasHostStep = false;

  constructor(first: Step) {
    this.add(first);
  }

  add(step: Step): void {
    const { reads, writes } = usesOf(step);
    for (const { span } of reads) this.#reads.add(span.root);
    for (const { span } of writes) this.#writes.add(span.root);
    this.#hasHostStep ||= isOrdered(step);
  }

  /** Whether a step must stay behind these: it needs a result, changes what one of them uses, or keeps its place among host steps. */
  holds(step: Step): boolean {
    const { reads, writes } = usesOf(step);
    return (
      (this.#hasHostStep && isOrdered(step)) ||
      reads.some(({ span }) => this.#writes.has(span.root)) ||
      writes.some(({ span }) => this.#reads.has(span.root) || this.#writes.has(span.root))
    );
  }
}

/** Steps that draw random numbers or read data keep their order. */
function isOrdered(step: Step): boolean {
  return step.kind === "host" && !isRankSum(step);
}

function mergedStep(sums: readonly RankSumStep[]): RankSumStep {
  const [{ communicator, layer }] = sums as readonly [RankSumStep];
  const reads = sums.flatMap((step) => step.reads);
  const writes = sums.flatMap((step) => step.writes);
  return rankSumStep(
    communicator,
    sums.flatMap((step) => step.sums),
    { layer, reads, writes },
  );
}
