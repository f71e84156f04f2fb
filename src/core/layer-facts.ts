import type { FillerParameter } from "../proto/gen/caffe_pb.js";
import type { Shape } from "../util/shape.js";

/** The groups of layers in Caffe's own documentation, and `other` for layers that join, cut and reorder blobs. */
export type LayerGroup = "data" | "vision" | "recurrent" | "common" | "activation" | "normalization" | "loss" | "other";

/** `rectifier`: a straight line for what is above 0. `saturating`: nearly flat for large values. */
export type ActivationKind = "rectifier" | "saturating";

/** What backward in BVLC Caffe reads of a blob's data: their values, or only which of them are above 0. */
export type Need = "values" | "sign";

/** Blobs whose data backward in BVLC Caffe reads again; a later layer that works in place may have overwritten them. */
export interface Rereads {
  /** Of its bottoms. */
  readonly bottom?: Need;
  /** Of its first top. */
  readonly top?: Need;
  /**
   * What happens where the layer itself works in place. `copied`: Caffe keeps a copy of the bottom. `lost`: Caffe reads
   * the top, which has overwritten the bottom, so that the gradient is wrong.
   */
  readonly inPlace?: "copied" | "lost";
  /** Whether it reads its bottoms only if its parameters learn. */
  readonly onlyToLearn?: boolean;
}

/** The place of a layer in a net, as far as the size of Caffe's buffers depends on it. */
export interface LayerUse {
  readonly bottom: readonly Shape[];
  readonly top: readonly Shape[];
  /** Whether its first top is its first bottom. */
  readonly inPlace: boolean;
  /** Whether it runs backward. */
  readonly backward: boolean;
}

/**
 * What lint and tools know of a layer beside what it computes. Fields follow from its type and message alone. Each has a
 * default, so that a layer of the user's own needs none of them.
 */
export abstract class LayerFacts {
  static readonly group: LayerGroup = "other";
  /** The field of LayerParameter with the layer's own message; default: the one named after the type, if any. */
  static readonly paramField: string | undefined = undefined;

  /** Whether a top may be its bottom. */
  readonly inPlace: boolean = false;
  /** Whether the caller fills its tops, and may reshape them. */
  readonly isInput: boolean = false;
  /** Whether its tops are the memory of its bottom, under another name or in another shape. */
  readonly sharesBottom: boolean = false;
  /** Whether in TEST its top has the values of its bottom. */
  readonly isIdentityInTest: boolean = false;
  /** Which tops a net may leave unread without a mistake: none, those behind the first, or all. */
  readonly spareTops: "none" | "extra" | "all" = "none";
  readonly activation: ActivationKind | undefined = undefined;
  /** The bottoms whose values, or means of them, its top consists of: none, the first, or all. */
  readonly passesOn: "none" | "first" | "all" = "none";
  /** Whether a multiplier and a shift of each channel have the same effect behind it as before it. */
  readonly commutesWithAffine: boolean = false;
  /** Whether it only multiplies its bottom by other values, or adds them. */
  readonly isAffine: boolean = false;
  /** Whether its top is W·x + b, so that a multiplier and a shift of each channel can become part of W and b. */
  readonly isLinear: boolean = false;
  /** For layers that multiply by weights: the field that holds `num_output` and the filler, and the filler given. */
  readonly weightFiller: { readonly field: string; readonly filler: FillerParameter | undefined } | undefined =
    undefined;
  readonly rereads: Rereads = {};
  /** Whether values above 0 stay above 0, and all others at most 0, where it works in place. */
  readonly keepsSign: boolean = false;

  /**
   * The multiply-adds of one forward over the whole batch: a weight times a value, added to a sum, is one.
   *
   * Only layers that multiply by weights have any, as papers and other tools count. Values in the padding count like
   * others. Biases, pooling, normalization, activations and losses count 0.
   */
  multiplyAdds(_bottom: readonly Shape[]): number {
    return 0;
  }

  /** Size, in values of 4 bytes, of the layer's buffers in BVLC Caffe on a CPU, without blobs and parameters. */
  caffeBuffers(_use: LayerUse): number {
    return 0;
  }
}
