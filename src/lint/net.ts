import type { NetParameter, SolverParameter } from "../proto/gen/caffe_pb.js";
import type { TextIssue } from "../proto/text/index.js";
import type { FileNode } from "../proto/text/tree.js";
import type { MokaError } from "../util/errors.js";
import type { Editor } from "./edits.js";
import type { LintLayer } from "./layer.js";
import type { View } from "./view.js";
import type { Blobs } from "./weights.js";

/**
 * What a file is for. `trainval`: it has data (Input layers count) and a loss. `deploy`: it has inputs and no loss, so
 * only the phase TEST matters. `fragment`: nothing feeds it, it is a part of some net; bottoms that no layer makes are inputs.
 */
export type NetKind = "trainval" | "deploy" | "fragment";

/** A file as rules see it. */
export interface LintNet {
  readonly file: string | undefined;
  readonly text: string;
  readonly tree: FileNode;
  /** What the reader had to say of the text. */
  readonly issues: readonly TextIssue[];
  /** Why it could not be upgraded, or its layers picked; then `message` is as far as that went. */
  readonly failures: readonly MokaError[];
  /** The message as it was written. */
  readonly written: NetParameter;
  /** The message as Caffe runs it: upgraded. */
  readonly message: NetParameter;
  readonly kind: NetKind;
  /** All layers of `message`. */
  readonly layers: readonly LintLayer[];
  /** The states in which the net can run, TRAIN before TEST. In a fragment and where rules differ by stage, more than two. */
  readonly views: readonly View[];
  /** Makes the edits of fixes. */
  readonly edit: Editor;
  /** What trains the net, where that is known. */
  readonly solver: SolverParameter | undefined;
  /** What it has learned, where that is known. */
  readonly weights: Blobs | undefined;
  /** The layer types there are. */
  readonly types: readonly string[];
}
