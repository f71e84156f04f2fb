import type { KnownRanks } from "../core/known-ranks.js";
import type { LayerParameter, NetParameter, SolverParameter } from "../proto/gen/caffe_pb.js";
import type { TextIssue } from "../proto/text/index.js";
import type { FileNode } from "../proto/text/tree.js";
import type { SolverProblem } from "../solvers/problem.js";
import type { MokaError } from "../util/errors.js";
import type { Editor } from "./edits.js";
import type { LintLayer } from "./layer.js";
import type { MixedForms } from "./mixed-forms.js";
import type { View } from "./view.js";
import type { Blobs } from "./weights.js";

/**
 * The purpose of a file. `trainval`: it has data (Input layers count) and a loss. `deploy`: it has inputs and no loss, so
 * only the phase TEST matters. `fragment`: nothing feeds it, it is a part of some net; bottoms that no layer makes are inputs.
 */
export type NetKind = "trainval" | "deploy" | "fragment";

/** Another net of the same solver, in its state. */
export interface OtherNet {
  readonly file: string | undefined;
  readonly phase: "TRAIN" | "TEST";
  readonly layers: readonly LayerParameter[];
}

/** A file as rules see it. */
export interface LintNet {
  readonly file: string | undefined;
  readonly text: string;
  readonly tree: FileNode;
  /** The layers of mixed forms, which `tree` and the messages have in today's form. */
  readonly mixed: readonly MixedForms[];
  /** The reader's issues with the text. */
  readonly issues: readonly TextIssue[];
  /** The error of the upgrade or of the selection of layers. `message` is then the result up to the error. */
  readonly failures: readonly MokaError[];
  /** The message before upgrades. */
  readonly written: NetParameter;
  /** The message after upgrades, as Caffe runs it. */
  readonly message: NetParameter;
  readonly kind: NetKind;
  /** All layers of `message`. */
  readonly layers: readonly LintLayer[];
  /** The states in which the net can run, TRAIN before TEST. With stages, and for a fragment, there can be more than two. */
  readonly views: readonly View[];
  /** Makes the edits of fixes. */
  readonly edit: Editor;
  /** The other nets of this solver, if the text is one of its nets. */
  readonly otherNets: readonly OtherNet[];
  /** The solver that trains the net, if it is known. */
  readonly solver: SolverParameter | undefined;
  /** The processes that train the net. */
  readonly ranks: KnownRanks;
  /** What building the solver finds wrong with it, if this text is a solver. */
  readonly solverProblems?: readonly SolverProblem[] | undefined;
  /** The trained weights, if they are given. */
  readonly weights: Blobs | undefined;
  /** Whether these are the weights of a training that goes on: TRAIN fills what they lack for TEST. */
  readonly isTraining?: boolean | undefined;
  /** The known layer types. */
  readonly types: readonly string[];
}
