import type { FillerParameter } from "../proto/gen/caffe_pb.js";
import type { Shape } from "../util/shape.js";

/** The groups of layers in Caffe's own documentation, two for layers of forks, and `other` for layers that join, cut and reorder blobs. */
export type LayerGroup =
  | "data"
  | "vision"
  | "detection"
  | "segmentation"
  | "recurrent"
  | "common"
  | "activation"
  | "normalization"
  | "loss"
  | "other";

/** `rectifier`: linear above 0. `saturating`: nearly constant for values of large magnitude. */
export type ActivationKind = "rectifier" | "saturating";

/** What Caffe's backward reads of a blob: its values, or only which of them are above 0. */
export type Need = "values" | "sign";

/**
 * How positions along an axis of a layer's top correspond to those of its first bottom. `same`: they are equal. `window`: a
 * kernel moves over the bottom, as in Convolution. `spread`: a kernel moves over the top, as in Deconvolution. `cut`: the top is
 * the part of the bottom from an offset on.
 */
export type Coordinates = "same" | "window" | "spread" | "cut";

/** Blobs whose data Caffe's backward reads again. A later layer that works in place may have overwritten them. */
export interface Rereads {
  /** Of its bottoms. */
  readonly bottom?: Need;
  /** Of its first top. */
  readonly top?: Need;
  /**
   * The result if the layer itself works in place. `copied`: Caffe stores a copy of the bottom. `lost`: Caffe reads the top,
   * which has overwritten the bottom, or the bottom's diff, which has overwritten the top's. So its gradient is wrong; Moka's is
   * right. `wrong`: Moka's gradient is then wrong as Caffe's is.
   */
  readonly inPlace?: "copied" | "lost" | "wrong";
  /** Whether it reads its bottoms only if its parameters learn. */
  readonly onlyToLearn?: boolean;
}

/** The properties of a layer in its net that the size of Caffe's buffers depends on. */
export interface LayerUse {
  readonly bottom: readonly Shape[];
  readonly top: readonly Shape[];
  /** Whether its first top is its first bottom, that is, it works in place. */
  readonly inPlace: boolean;
  /** Whether it runs backward. */
  readonly backward: boolean;
}

/**
 * Facts about a layer that lint and tools use. They depend only on its type and message. Each has a default, so a user's
 * own layer needs none of them.
 */
export abstract class LayerFacts {
  static readonly group: LayerGroup = "other";
  /** The field of LayerParameter with the layer's own message. Default: the field named after the type, if there is one. */
  static readonly paramField: string | undefined = undefined;
  /**
   * The fork of Caffe that has the type, in the genitive: `SSD's`. Where a class does not say it, the forks' protos tell it; a class that
   * says undefined is BVLC's.
   */
  static readonly fork: string | undefined = undefined;
  /** How the coordinates of its tops follow from those of its bottoms; undefined if they do not. For `crop` of a NetSpec. */
  static readonly coordinates: Coordinates | undefined = undefined;
  /**
   * The fields of Caffe's forks that the layer computes or speaks of itself, in messages that BVLC Caffe has too, by their paths in
   * the message: `pooling_param.ceil_mode`; `transform_param` for all in it. A net's log names all others that are set.
   */
  static readonly forkFields: readonly string[] = [];

  /** Whether it may work in place: a top may be the bottom of the same index. */
  readonly inPlace: boolean = false;
  /** Whether the caller fills its tops, and may reshape them. */
  readonly isInput: boolean = false;
  /** Whether its tops use the memory of its bottom, under another name or in another shape. */
  readonly sharesBottom: boolean = false;
  /** Whether in TEST its top equals its bottom. */
  readonly isIdentityInTest: boolean = false;
  /** The tops that need no reader: none, those after the first, or all. */
  readonly spareTops: "none" | "extra" | "all" = "none";
  readonly activation: ActivationKind | undefined = undefined;
  /** What makes results of a test of its tops: their means over the batches, or a solver's `eval_type: "detection"`. */
  readonly evaluation: "mean" | "detection" = "mean";
  /** The bottoms whose values its top has, unchanged or averaged: none, the first, or all. */
  readonly passesOn: "none" | "first" | "all" = "none";
  /** Whether a multiplier and a shift of each channel have the same effect after the layer as before it. */
  readonly commutesWithAffine: boolean = false;
  /** Whether Caffe's backward computes the bottom's gradient also where none is wanted. */
  readonly ignoresPropagateDown: boolean = false;
  /** Whether its first top is a part of the net's loss, with weight 1, where no `loss_weight` is given. */
  readonly isLossByDefault: boolean = false;
  /** Whether its top is its bottom times other values, or plus other values. */
  readonly isAffine: boolean = false;
  /** Whether its top is W·x + b, so that a multiplier and a shift of each channel can become part of W and b. */
  readonly isLinear: boolean = false;
  /** For layers that multiply by weights: the field with `num_output` and the filler, and the filler that is given. */
  readonly weightFiller: { readonly field: string; readonly filler: FillerParameter | undefined } | undefined =
    undefined;
  /** Whether its parameters are values by channel, whose blobs forks write in several shapes: (C), (1, C) or (1, C, 1, 1). */
  readonly paramsByChannel: boolean = false;
  readonly rereads: Rereads = {};
  /** Whether, in place, values above 0 stay above 0, and all others stay at most 0. */
  readonly keepsSign: boolean = false;

  /**
   * The number of multiply-adds of one forward over the whole batch. One weight times one value, added to a sum, is one.
   *
   * As in papers and other tools, only layers that multiply by weights have any. Values in the padding count as all
   * others. Biases, pooling, normalization, activations and losses count 0.
   */
  multiplyAdds(_bottom: readonly Shape[]): number {
    return 0;
  }

  /**
   * For a layer that computes what Convolution computes with the same blobs and message: the `group` of that Convolution; undefined for
   * other layers, and where the shape of its bottom tells the group but is not known.
   */
  convolutionGroup(_bottom: Shape | undefined): number | undefined {
    return undefined;
  }

  /** The most that its loss can be over the whole batch, if it has such a limit: a training that has diverged sticks near it. */
  highestLoss(_bottom: readonly Shape[]): number | undefined {
    return undefined;
  }

  /** The number of values, 4 bytes each, in the layer's buffers in Caffe on a CPU, without blobs and parameters. */
  caffeBuffers(_use: LayerUse): number {
    return 0;
  }
}
