import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { ConvolutionParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, countOf, formatShape, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "../common/unary.js";
import { convolved, readWindow, sidePads, type Window } from "./conv-geometry.js";

/**
 * Copies the values under the kernel at each position into channels, so that the convolution is a matrix product.
 *
 * Bottom x (N, C, …spatial); top y (N, C·Π kernel, …), the spatial sizes those of a convolution's output. Channel
 * c·Π kernel + t of y is the value in channel c of x that weight t of a kernel is multiplied by, 0 in the padding. One spatial axis or more.
 * Gradient: each dx is the sum of the dy that its value was copied to.
 *
 * `convolution_param`, as for Convolution: `kernel_size`; `stride` (1); `pad` (0); `dilation` (1), each once or once an
 * axis, or as `kernel_h`, `kernel_w` and so on; `axis` (1), that of the channels. `force_nd_im2col` and the other
 * fields are read and ignored.
 */
export class Im2colLayer extends UnaryLayer {
  static readonly type = "Im2col";
  override readonly ignoresPropagateDown = true;
  static override readonly group = "vision";
  static override readonly paramField = "convolution_param";
  static override readonly coordinates = "window";
  static override readonly forkFields = sidePads;
  readonly #param = this.message.convolutionParam ?? create(ConvolutionParameterSchema);

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { axis, channels, input, window } = this.read(x);
    this.check(input.length > 0, "MOKA_SHAPE", `needs a spatial axis behind the channels, but gets ${formatShape(x)}`);
    const output = convolved(input, window);
    this.check(
      output.every((size) => size > 0),
      "MOKA_SHAPE",
      `the kernel ${window.kernel.join("×")} does not fit into the padded bottom ${formatShape(x)}`,
    );
    return [[...x.slice(0, axis), channels * countOf(window.kernel), ...output]];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const { input, window } = this.read(x.shape);
    const places = placesOf(input, window);
    const plane = countOf(input);
    const run = () => {
      const [from, to] = [x.data.array, y.data.array];
      for (let i = 0; i < to.length; i++) {
        const place = places[i % places.length] ?? -1;
        to[i] = place < 0 ? 0 : (from[Math.floor(i / places.length) * plane + place] ?? 0);
      }
    };
    k.host("im2col", run, { reads: [x.data], writes: [y.data] });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const { input, window } = this.read(x.shape);
    const places = placesOf(input, window);
    const plane = countOf(input);
    const run = () => {
      const [dy, sums] = [y.diff.array, new Float64Array(x.count)];
      for (let i = 0; i < dy.length; i++) {
        const place = places[i % places.length] ?? -1;
        if (place < 0) continue;
        const at = Math.floor(i / places.length) * plane + place;
        sums[at] = (sums[at] ?? 0) + (dy[i] ?? 0);
      }
      x.diff.array.set(sums);
    };
    k.host("col2im", run, { reads: [y.diff], writes: [x.diff] });
  }

  /** The axis of the channels of a bottom of this shape, the sizes behind it, and how the kernel moves over them. */
  read(x: Shape): { axis: number; channels: number; input: Shape; window: Window } {
    const axis = canonicalAxis(x, this.#param.axis, "convolution_param.axis");
    const input = x.slice(axis + 1);
    return { axis, channels: x[axis] ?? 0, input, window: readWindow(this, this.#param, input.length) };
  }
}

/** For each value that is copied from one channel, its index in the channel, or −1 for padding. */
function placesOf(input: Shape, window: Window): Int32Array {
  const output = convolved(input, window);
  const { kernel, stride, pad, dilation } = window;
  const positions = countOf(output);
  return Int32Array.from({ length: countOf(kernel) * positions }, (_, i) => {
    let [tap, position, place, step] = [Math.floor(i / positions), i % positions, 0, 1];
    for (let axis = input.length - 1; axis >= 0; axis--) {
      const [size = 1, taps = 1, steps = 1] = [input[axis], kernel[axis], output[axis]];
      const at = (position % steps) * (stride[axis] ?? 1) - (pad[axis] ?? 0) + (tap % taps) * (dilation[axis] ?? 1);
      if (at < 0 || at >= size) return -1;
      place += at * step;
      step *= size;
      tap = Math.floor(tap / taps);
      position = Math.floor(position / steps);
    }
    return place;
  });
}
