import type { FillerParameter } from "../proto/gen/caffe_pb.js";
import type { Shape } from "../util/shape.js";

/** The groups in which Caffe's own documentation names its layers; layers that join, cut and reorder blobs are in none. */
export type LayerGroup = "data" | "vision" | "recurrent" | "common" | "activation" | "normalization" | "loss" | "other";

/** `rectifier`: a straight line for what is above 0. `saturating`: nearly flat for large values. */
export type ActivationKind = "rectifier" | "saturating";

/** What BVLC Caffe's backward of a layer reads again of a blob, as that is by then. */
export type Need = "values" | "sign";

/** What BVLC Caffe's backward of a layer reads beside diffs and parameters; a layer in place behind it may spoil that. */
export interface Rereads {
  /** Of its bottoms. */
  readonly bottom?: Need;
  /** Of its first top. */
  readonly top?: Need;
  /**
   * Where the layer itself works in place: `copied`: Caffe keeps a copy of the bottom; `lost`: Caffe takes the top for the
   * bottom that it has replaced, so that the gradient is wrong.
   */
  readonly inPlace?: "copied" | "lost";
  /** Whether it reads its bottoms only if its parameters learn. */
  readonly onlyToLearn?: boolean;
}

/** How a layer stands in a net, as far as Caffe's memory depends on it. */
export interface LayerUse {
  readonly bottom: readonly Shape[];
  readonly top: readonly Shape[];
  /** Whether its first top is its first bottom. */
  readonly inPlace: boolean;
  /** Whether it runs backward. */
  readonly backward: boolean;
}

/**
 * What lint and tools know of a layer beside what it computes, from its type and message alone. All of it has a default,
 * which says nothing; a layer of one's own may leave it all out.
 */
export abstract class LayerFacts {
  static readonly group: LayerGroup = "other";
  /** The field of LayerParameter with the layer's own message; default: the one named after the type, if any. */
  static readonly paramField: string | undefined = undefined;

  /** Whether a top may be its bottom. */
  readonly inPlace: boolean = false;
  /** Whether the caller fills its tops, and may reshape them. */
  readonly isInput: boolean = false;
  /** Whether its tops are its bottom's memory, by another name or shape. */
  readonly sharesBottom: boolean = false;
  /** Whether in TEST its top is its bottom, value by value. */
  readonly isIdentityInTest: boolean = false;
  /** Which tops a net may well leave unread: none, those behind the first, or all. */
  readonly spareTops: "none" | "extra" | "all" = "none";
  readonly activation: ActivationKind | undefined = undefined;
  /** Whether its top has values, or means of values, of no bottom, of its first one, or of all. */
  readonly passesOn: "none" | "first" | "all" = "none";
  /** Whether a multiplier and a shift of each channel do the same behind it as before it. */
  readonly commutesWithAffine: boolean = false;
  /** Whether its top is W·x + b, so that W and b can take in a multiplier and a shift of each channel. */
  readonly isLinear: boolean = false;
  /** Where it multiplies by learned weights: the field that has their filler and `num_output`, and the filler given. */
  readonly weightFiller: { readonly field: string; readonly filler: FillerParameter | undefined } | undefined =
    undefined;
  readonly rereads: Rereads = {};
  /** Whether in place it leaves what a ReLU lets through positive, and the rest 0 or below. */
  readonly keepsSign: boolean = false;

  /**
   * The multiply-adds of one forward over the whole batch: a weight times a value, added to a sum, is one.
   *
   * Only layers that multiply by weights have them, as papers and other tools count. Padding counts as if it were
   * values; biases, and all that works value by value (pooling, normalization, activations, losses), count 0.
   */
  multiplyAdds(_bottom: readonly Shape[]): number {
    return 0;
  }

  /** Values (4 bytes each) of the buffers that BVLC Caffe has for the layer on a CPU beside blobs and parameters. */
  caffeBuffers(_use: LayerUse): number {
    return 0;
  }
}
