import { isRankSum } from "../rank-sum.js";
import type { Span } from "../span.js";
import { usesOf } from "../uses.js";
import type { PassContext, PlanDraft } from "./plan-draft.js";
import { lifetimes } from "./plan-memory.js";

/**
 * Leaves out the steps of backward whose results nothing reads. Caffe computes gradients below which nothing learns: where a
 * BatchNorm without param specs counts as learning, down to this layer, and in layers whose backward ignores which gradients
 * are wanted.
 *
 * With `keep: "all"`, every gradient can be read after a run, so nothing is left out.
 */
export function skipUnread(draft: PlanDraft, { kept }: PassContext): void {
  if (!kept) return;
  const { forward, backward = [] } = draft.plan;
  const lives = lifetimes([...forward, ...backward]);
  /** What the steps after the present one read. */
  const read = new Set<Span>();
  // A span that forward writes too may be read in a second backward.
  const isUnread = ({ root }: Span) =>
    lives.has(root) && !kept.has(root) && !read.has(root) && (draft.writers(root)[0] ?? 0) >= draft.middle;
  for (const [i, step] of [...backward.entries()].reverse()) {
    const { reads, writes } = usesOf(step);
    // A host step may do more than it declares, but for sums over ranks: all ranks leave out the same.
    if ((step.kind === "host" && !isRankSum(step)) || !writes.every(({ span }) => isUnread(span))) {
      for (const { span } of reads) read.add(span.root);
      continue;
    }
    draft.replace([draft.middle + i], []);
    for (const { span } of writes) if (draft.writers(span).length === 0) draft.skipped.push(span.root);
    // A run that begins or ends here is about the gradient between the layers: it takes the steps as recorded.
    draft.groups.push({ layers: [step.layer - 1, step.layer], unfuse: [] });
  }
}
