import { isFieldSet } from "@bufbuild/protobuf";
import type { Layer } from "../../core/layer.js";
import { type ConvolutionParameter, ConvolutionParameterSchema } from "../../proto/gen/caffe_pb.js";

/** How a kernel moves over the spatial axes; each list has one entry for each axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly pad: readonly number[];
  /** The padding at the end of each axis. */
  readonly padAfter: readonly number[];
  readonly dilation: readonly number[];
}

/** The fields of forks that `readWindow` reads. */
export const sidePads = ["pad_l", "pad_r", "pad_t", "pad_b"].map((name) => `convolution_param.${name}`);

/**
 * Reads kernel, stride, pad and dilation of `convolution_param` for this many spatial axes. Each is given once for all
 * axes, once for each axis, or, except dilation, as `_h` and `_w` for two axes.
 */
export function readWindow(layer: Layer, param: ConvolutionParameter, axes: number): Window {
  const { field } = ConvolutionParameterSchema;
  const read = (list: readonly number[], name: string, fallback?: number) => {
    const fits = list.length === 1 || list.length === axes || (list.length === 0 && fallback !== undefined);
    layer.check(
      fits,
      "MOKA_FIELD",
      `convolution_param.${name} must be given once, or once for each of ${axes} spatial axes; ` +
        (list.length === 0 ? "it is not given" : `it is given ${list.length} times`),
    );
    return Array.from({ length: axes }, (_, i) => list[list.length === 1 ? 0 : i] ?? fallback ?? 0);
  };
  const readEither = (short: "kernel" | "stride" | "pad", list: readonly number[], name: string, fallback?: number) => {
    const [h, w] = [`${short}H`, `${short}W`] as const;
    if (!isFieldSet(param, field[h]) && !isFieldSet(param, field[w])) return read(list, name, fallback);
    layer.check(
      axes === 2,
      "MOKA_FIELD",
      `convolution_param.${short}_h and ${short}_w are for two spatial axes, not ${axes}`,
    );
    layer.check(
      list.length === 0,
      "MOKA_FIELD",
      `give convolution_param.${name}, or ${short}_h and ${short}_w, not both`,
    );
    return [param[h], param[w]];
  };
  const { padL, padR, padT, padB } = param;
  const hasSides = [padL, padR, padT, padB].some((size) => size !== 0);
  const isPadGiven = param.pad.length > 0 || isFieldSet(param, field.padH) || isFieldSet(param, field.padW);
  layer.check(
    !hasSides || (axes === 2 && !isPadGiven && Math.min(padL, padR, padT, padB) >= 0),
    "MOKA_FIELD",
    "convolution_param.pad_l, pad_r, pad_t and pad_b are for two spatial axes, without pad, and not below 0",
  );
  const pad = readEither("pad", param.pad, "pad", 0);
  const window = {
    kernel: readEither("kernel", param.kernelSize, "kernel_size"),
    stride: readEither("stride", param.stride, "stride", 1),
    pad: hasSides ? [padT, padL] : pad,
    padAfter: hasSides ? [padB, padR] : pad,
    dilation: read(param.dilation, "dilation", 1),
  };
  for (const name of ["kernel", "stride", "dilation"] as const) {
    layer.check(
      window[name].every((value) => value > 0),
      "MOKA_FIELD",
      `convolution_param: the ${name} must be greater than 0 along each axis, not ${window[name].join("×")}`,
    );
  }
  return window;
}

/** Sizes of a convolution's output. */
export function convolved(input: readonly number[], { stride, pad, padAfter, ...window }: Window): number[] {
  const padded = (size: number, i: number) => size + (pad[i] ?? 0) + (padAfter[i] ?? 0);
  return input.map((size, i) => Math.trunc((padded(size, i) - extent(window, i)) / (stride[i] ?? 1)) + 1);
}

/** Sizes of the smallest input for which a convolution's output has these sizes. */
export function deconvolved(output: readonly number[], { stride, pad, padAfter, ...window }: Window): number[] {
  const cut = (i: number) => (pad[i] ?? 0) + (padAfter[i] ?? 0);
  return output.map((size, i) => (stride[i] ?? 1) * (size - 1) + extent(window, i) - cut(i));
}

/** The size of the dilated kernel along an axis. */
function extent({ kernel, dilation }: Pick<Window, "kernel" | "dilation">, axis: number): number {
  return (dilation[axis] ?? 1) * ((kernel[axis] ?? 1) - 1) + 1;
}
