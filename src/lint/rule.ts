import type { NetParameter } from "../proto/gen/caffe_pb.js";
import type { Edit } from "./edits.js";
import type { Location } from "./location.js";
import type { LintNet } from "./net.js";

/** `error`: the net does not run, or its results are wrong. `warning`: it costs time or accuracy. `info`: a hint. */
export type Severity = "error" | "warning" | "info";

/** The repair of a problem; all of it is applied, or nothing. */
export interface Fix {
  /** Empty if only the weights are wrong. */
  readonly edits: readonly Edit[];
  /**
   * Changes trained weights, so that the net's results in TEST stay the same. It may change layers and their lists of
   * blobs, but not the blobs, which are shared: a changed blob is a new one (`makeBlob`).
   */
  readonly weights?: ((weights: NetParameter) => void) | undefined;
}

/** A problem that a rule has found at one place. */
export interface Problem {
  readonly at: Location;
  /** What is wrong, in one line, without the file and the layer's place. */
  readonly message: string;
  /** What the problem causes, in two or three lines, with the numbers of this net. */
  readonly why: string;
  /** Default: the severity of the rule. */
  readonly severity?: Severity | undefined;
  /**
   * The iteration from which it alone can make the loss of training, as this net is trained, infinite or no number, or hold it at
   * its highest: 0 without any update, 1 after the first. An error of training names the most severe of these. Default: never.
   */
  readonly divergesFrom?: number | undefined;
  /** The file of another net of the solver in which the same is found, at the better place. A report of both has it there only. */
  readonly elsewhere?: string | undefined;
  /** Given only if the repair is safe. */
  readonly fix?: Fix | undefined;
}

/**
 * A check for one kind of problem. A rule is pure: it reads the net and yields problems in any order. It may yield a
 * problem twice that two states of the net have in common.
 */
export interface Rule {
  /** The name in `moka lint --explain`, and of the rule's file and page. */
  readonly id: string;
  readonly severity: Severity;
  /** What the rule looks for, in one line. */
  readonly summary: string;
  check(net: LintNet): Iterable<Problem>;
}
