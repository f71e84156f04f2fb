import type { LayerGap } from "./compare.js";
import type { FactorReading } from "./factor.js";
import type { NormLayer } from "./norm-layers.js";
import type { Scores } from "./outputs.js";

/** One reason why a net tests worse than it trains. */
export interface Cause {
  readonly kind: "empty" | "hard-coded" | "tiny batches" | "other domain" | "slow average";
  readonly title: string;
  /** The names of the BatchNorm layers it concerns. */
  readonly layers: readonly string[];
  /** The numbers of this net that point to it, one sentence each. */
  readonly evidence: readonly string[];
  readonly remedy: string;
}

/** A BatchNorm of the net under test: its gap, and what its blobs hold. */
export interface MeasuredLayer extends LayerGap {
  readonly factor: number;
  readonly reading: FactorReading;
  /** `moving_average_fraction`. */
  readonly fraction: number;
  /** Whether any value of the second blob is not 0. */
  readonly hasVariance: boolean;
}

/** What `diagnose` tells the causes by. */
export interface Measurements {
  /** In the order of the net. */
  readonly layers: readonly MeasuredLayer[];
  /** The BatchNorm layers of the prototxt, by phase. */
  readonly train: readonly NormLayer[];
  readonly test: readonly NormLayer[];
  /** Whether the prototxt is for training: it has data layers or a loss in TRAIN. */
  readonly trains: boolean;
  /** The phase whose data layers bring the batches. */
  readonly phase: "TRAIN" | "TEST";
  readonly batches: number;
  /** Images in a batch: of those measured here, and of those in training, where that is known. */
  readonly batchSize: number;
  readonly trainBatchSize: number | undefined;
  readonly scores: { readonly batch: Scores; readonly global: Scores };
  /** The outputs that are accuracies: higher is better. */
  readonly accuracies: ReadonlySet<string>;
}
