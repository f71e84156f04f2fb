/** What the two sides of the port tell each other about nets and solvers. */
import type { Phase } from "../../core/layer.js";
import type { LayerRange } from "../../core/net.js";
import type { Solver as CoreSolver } from "../../solvers/solver.js";
import type { Shape } from "../../util/shape.js";

/** The functions that are called in the worker as here. */
export const functionNames = [
  "calibrate",
  "changeFields",
  "compareWeights",
  "completionsAt",
  "computeImageMean",
  "convertCifarData",
  "convertImageset",
  "convertMnistData",
  "convertMnistSiameseData",
  "definitionsAt",
  "describeWeights",
  "doctor",
  "drawNet",
  "exportOnnx",
  "fix",
  "fold",
  "foldsOf",
  "formatPrototxt",
  "hoverAt",
  "lint",
  "loadArray",
  "loadArrays",
  "loadImage",
  "loadMean",
  "occurrencesAt",
  "outlineOf",
  "parseLog",
  "plotLog",
  "readFields",
  "renameAt",
  "renameRangeAt",
  "ruleSummaries",
  "stats",
  "summarize",
  "tokensOf",
  "translateFinding",
  "upgradeText",
  "weightValues",
  "writeDigits",
] as const;
export type FunctionName = (typeof functionNames)[number];

/** A layer of a net in a worker. */
export interface LayerFacts {
  readonly name: string;
  readonly type: string;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
}

export interface BlobFacts {
  readonly name: string;
  readonly shape: Shape;
}

/** What is known of a net from its loading on. */
export interface NetFacts {
  /** The number of the net. */
  readonly handle: number;
  readonly name: string;
  readonly phase: Phase;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly layers: readonly LayerFacts[];
  readonly blobs: readonly BlobFacts[];
  readonly params: readonly (readonly [layer: string, readonly BlobFacts[]])[];
  readonly engine: { readonly description: string };
}

/** The shapes that changed since the last answer, by blob. */
export type NetChange = Readonly<Record<string, Shape>>;

/** The state of a solver that its getters show. */
export type SolverState = Pick<CoreSolver, "iter" | "lr" | "loss" | "smoothedLoss" | "stopped">;

export interface SolverFacts extends SolverState {
  readonly handle: number;
  readonly net: NetFacts;
  readonly testNets: readonly NetFacts[];
}

/** What changed in a net or a solver with its nets, with every answer and event of it. */
export interface Change {
  readonly state: SolverState | undefined;
  readonly shapes: readonly (readonly [handle: number, NetChange])[];
}

export interface Answer {
  readonly value: unknown;
  readonly change: Change;
}

/** A blob or a parameter of a net. */
export type BlobPath = { readonly blob: string } | { readonly layer: string; readonly index: number };

/** The two arrays of a blob. */
export type BlobPart = "data" | "diff";

export interface TransferOptions {
  /**
   * Whether the arrays are given to the worker instead of copied, which takes no time; they are empty afterwards. Arrays that
   * are parts of a larger memory are copied. Default false.
   */
  readonly transfer?: boolean | undefined;
}

export type ForwardOptions = LayerRange & TransferOptions;
