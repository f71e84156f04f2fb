import type { ConvGeometry } from "../../core/kernels.js";
import type { BaseConvolutionLayer } from "../../layers/vision/base-convolution.js";
import type { Dim } from "../model.js";
import type { Attributes, Value } from "./graph-writer.js";
import type { LayerWriter } from "./layer-writer.js";

/** The axes (images, channels, …spatial) of ONNX's convolutions, made of a bottom, and back to a top. */
export interface ConvolutionAxes {
  readonly x: Value;
  /** Makes a top of what the operator computes. */
  set(y: Value): void;
}

/**
 * Brings a bottom to the axes of ONNX's convolutions: all axes before the channels become one, and there is at least one spatial axis. In
 * the usual case, channels at axis 1, nothing is written.
 *
 * @param spatial the number of spatial axes
 */
export function convolutionAxes(w: LayerWriter<BaseConvolutionLayer>, index: number, spatial: number): ConvolutionAxes {
  const [{ value, dims }, port] = [w.input(index), w.port(index)];
  const axis = dims.length - 1 - spatial;
  // Pads are of the sizes as built.
  w.fixed(dims.slice(axis), "the padding of its channels or spatial axes");
  const outer = dims.slice(0, axis);
  const isFixed = outer.every((size) => typeof size === "number");
  const images =
    axis === 1 ? outer[0] : isFixed ? outer.reduce((count: number, size) => count * Number(size), 1) : "images";
  const point = spatial === 0 ? [1] : [];
  const convolved = (sizes: readonly Dim[]): readonly Dim[] => [images ?? 1, ...sizes.slice(axis), ...point];
  return {
    x: w.reshaped(value, dims, convolved(dims)),
    set: (y) => w.setReshaped(index, y, convolved(port.dims)),
  };
}

/** The parameters, for a layer with so many spatial axes. */
export function convolutionParams(w: LayerWriter<BaseConvolutionLayer>, spatial: number): readonly Value[] {
  return w.layer.params.map(({ shape }, i) => w.param(i, i === 0 && spatial === 0 ? [...shape, 1] : shape));
}

/** The attributes of a convolution, with the padding at the end of each spatial axis. Without spatial axes it has one of size 1. */
export function convolutionAttributes(
  { kernel, stride, pad, dilation, group }: ConvGeometry,
  behind: (axis: number) => number,
): Attributes {
  const orOne = (sizes: readonly number[]) => (kernel.length === 0 ? [1] : sizes);
  const pads = kernel.length === 0 ? [0, 0] : [...pad, ...kernel.map((_, axis) => behind(axis))];
  return { kernel_shape: orOne(kernel), strides: orOne(stride), pads, dilations: orOne(dilation), group };
}
