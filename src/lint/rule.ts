import type { NetParameter } from "../proto/gen/caffe_pb.js";
import type { Edit } from "./edits.js";
import type { Location } from "./location.js";
import type { LintNet } from "./net.js";

/** `error`: it does not run, or what it computes is wrong. `warning`: it costs accuracy or time. `info`: worth a look. */
export type Severity = "error" | "warning" | "info";

/** How a problem is repaired; it is taken as a whole or not at all. */
export interface Fix {
  /** None where the weights alone are wrong. */
  readonly edits: readonly Edit[];
  /**
   * Changes trained weights, so that the net computes in TEST what it did. It may change layers and their lists of
   * blobs; the blobs themselves are shared, so new ones take their places (`makeBlob`).
   */
  readonly weights?: ((weights: NetParameter) => void) | undefined;
}

/** What a rule has found at one place. */
export interface Problem {
  readonly at: Location;
  /** What is wrong, in one line, without the file and the layer's place. */
  readonly message: string;
  /** What it does, in two or three lines, with the numbers of this net. */
  readonly why: string;
  /** Default: the rule's. */
  readonly severity?: Severity | undefined;
  /** Given only where the repair is safe. */
  readonly fix?: Fix | undefined;
}

/**
 * One thing to look for. A rule is pure: it sees the net, and yields what it finds, in any order; what two states of the
 * net have in common it may yield twice.
 */
export interface Rule {
  /** As in `moka lint --explain` and in the name of its file and page. */
  readonly id: string;
  readonly severity: Severity;
  /** What it looks for, in one line. */
  readonly summary: string;
  check(net: LintNet): Iterable<Problem>;
}
