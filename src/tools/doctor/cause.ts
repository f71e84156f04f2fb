/** What a net can suffer from; see `docs/batch-norm.md`. */
export type CauseKind =
  | "not finite"
  | "unfilled"
  | "zero-scale"
  | "empty"
  | "hard-coded"
  | "reading"
  | "eps"
  | "structure"
  | "dropout"
  | "shared"
  | "damaged"
  | "stale"
  | "small batches"
  | "input"
  | "other data"
  | "labels"
  | "overfitting"
  | "untrained";

/** One cause of results that are worse than expected. */
export interface Cause {
  readonly kind: CauseKind;
  /** Whether an experiment on this net has shown it. If not, it is one of several that are possible. */
  readonly shown: boolean;
  /** The cause in a few words. */
  readonly title: string;
  /** The names of the layers it concerns; none if it concerns the whole net. */
  readonly layers: readonly string[];
  /** What speaks for it, and what against it, in the numbers of this net, one sentence each. */
  readonly evidence: readonly string[];
  readonly against: readonly string[];
  /** What to do about it. */
  readonly remedy: string;
}

/** Causes that are not BatchNorm's: its averages and settings are innocent of them. */
const elsewhere: ReadonlySet<CauseKind> = new Set<CauseKind>([
  "not finite",
  "unfilled",
  "structure",
  "input",
  "other data",
  "labels",
  "overfitting",
  "untrained",
]);

function isElsewhere({ kind }: Cause): boolean {
  return elsewhere.has(kind);
}

/**
 * `well`: nothing is wrong. `batch-norm`: BatchNorm's averages or settings are the cause. `elsewhere`: they are not, something else is.
 * `cannot-tell`: the data do not suffice to tell, or several causes are possible of which only some are BatchNorm's.
 */
export type Verdict = "well" | "batch-norm" | "elsewhere" | "cannot-tell";

/**
 * The verdict of these causes, and the causes with those first that are shown.
 *
 * @param isUnknown whether the data do not suffice to call a net well
 */
export function verdictOf(
  causes: readonly Cause[],
  isUnknown = false,
): { readonly verdict: Verdict; readonly causes: readonly Cause[] } {
  const sorted = [...causes.filter(({ shown }) => shown), ...causes.filter(({ shown }) => !shown)];
  const [first] = sorted;
  if (!first) return { verdict: isUnknown ? "cannot-tell" : "well", causes: sorted };
  const isMixed = sorted.some((cause) => isElsewhere(cause) !== isElsewhere(first));
  if (isMixed && !first.shown) return { verdict: "cannot-tell", causes: sorted };
  return { verdict: isElsewhere(first) ? "elsewhere" : "batch-norm", causes: sorted };
}
