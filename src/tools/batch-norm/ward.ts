import type { LayerGap } from "./compare.js";
import type { FactorReading } from "./factor.js";
import type { NormLayer } from "./norm-layers.js";
import type { Scores } from "./outputs.js";

/** Why a net tests worse than it trains. */
export interface Cause {
  readonly kind: "empty" | "hard-coded" | "tiny batches" | "other domain" | "slow average";
  readonly title: string;
  /** The BatchNorm layers it is about. */
  readonly layers: readonly string[];
  /** What speaks for it, with this net's numbers. */
  readonly evidence: readonly string[];
  readonly remedy: string;
}

export interface Patient extends LayerGap {
  readonly factor: number;
  readonly reading: FactorReading;
  /** `moving_average_fraction`. */
  readonly fraction: number;
  /** Whether any value of the second blob is not 0. */
  readonly hasVariance: boolean;
}

/** All that speaks for one cause or another. */
export interface Ward {
  /** In the order of the net. */
  readonly layers: readonly Patient[];
  /** The BatchNorm layers as the prototxt has them in either phase. */
  readonly train: readonly NormLayer[];
  readonly test: readonly NormLayer[];
  /** Whether the prototxt is one to train with. */
  readonly trains: boolean;
  /** Whose data the batches are. */
  readonly phase: "TRAIN" | "TEST";
  readonly batches: number;
  readonly batchSize: number;
  readonly trainBatchSize: number | undefined;
  readonly scores: { readonly batch: Scores; readonly global: Scores };
  /** The outputs that are better the higher they are. */
  readonly accuracies: ReadonlySet<string>;
}
