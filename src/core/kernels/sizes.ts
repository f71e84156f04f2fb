import { countOf } from "../../util/shape.js";

/** Sizes that several kernels share. Arrays are row-major. */

export interface ConvGeometry {
  readonly n: number;
  readonly channels: number;
  readonly outputs: number;
  readonly group: number;
  /** One entry for each spatial axis, in this list and the next ones. */
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly pad: readonly number[];
  readonly dilation: readonly number[];
}

export interface PoolGeometry {
  /** The number of images × the number of channels. */
  readonly planes: number;
  /** Height and width, in this pair and the next ones. */
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pad: readonly [number, number];
  /** The padding below and at the right. Default: that above and at the left. */
  readonly padAfter?: readonly [number, number] | undefined;
  /** Whether averages are over the values of the image alone, without padding. Default false. */
  readonly excludesPad?: boolean | undefined;
}

/** Pooling of regions of images. */
export interface RegionGeometry {
  readonly n: number;
  /** Channels of the output. */
  readonly channels: number;
  readonly regions: number;
  /** Height and width, of a plane and of its output. */
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
  /** From coordinates of regions to places in a plane: a number of single precision. */
  readonly scale: number;
}

/** Planes in which each value becomes a block of equal values. */
export interface UpsampleGeometry {
  readonly planes: number;
  /** Height and width, of a plane of the input and of a block. */
  readonly input: readonly [number, number];
  readonly scale: readonly [number, number];
}

/** Planes whose values go to the places of larger planes. */
export interface UnpoolSizes {
  readonly planes: number;
  /** Values of a plane of x, and of a plane of y. */
  readonly inputs: number;
  readonly outputs: number;
}

/** The axes of an array, and the order in which another array has them. */
export interface AxisOrder {
  readonly shape: readonly number[];
  readonly order: readonly number[];
}

/** Interpolation between four places of a plane. Output i of an axis lies at i · ratio + offset of the part that is used, cut to it. */
export interface InterpolateGeometry {
  readonly planes: number;
  /** Height and width, in this pair and the next ones. */
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
  /** The first place of the part of the input that is used, and its size, at least 1. */
  readonly first: readonly [number, number];
  readonly size: readonly [number, number];
  /** Numbers of single precision. */
  readonly ratio: readonly [number, number];
  readonly offset: readonly [number, number];
}

/** Pooling after a normalization by channel. */
export interface NormPool extends PoolGeometry {
  readonly channels: number;
  readonly method: "MAX" | "AVE";
}

export interface Channels {
  readonly n: number;
  readonly channels: number;
  readonly inner: number;
}

export interface Collapsed {
  readonly outer: number;
  readonly dim: number;
  readonly inner: number;
}

export interface Labels {
  /** A label that does not count; `undefined` for none. */
  readonly ignore: number | undefined;
  /** The divisor of a sum of losses: the number of all labels, of those not ignored, `outer`, 1, or `fixed`; at least 1. */
  readonly normalization: "full" | "valid" | "batchSize" | "none" | "fixed";
  readonly fixed?: number | undefined;
}

/** Operations of pooling: one for each value under each window. */
export function poolOperations({ planes, output, kernel }: PoolGeometry): number {
  return planes * countOf(output) * countOf(kernel);
}
