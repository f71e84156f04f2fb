import { Im2colLayer } from "../../layers/vision/im2col.js";
import { mapping } from "./mapping.js";

/**
 * Im2col → `Pad`, a `Gather` for each spatial axis, which puts the places under the kernel beside each position, `Transpose` and
 * `Reshape`. Values are only moved: exact.
 */
export const im2col = mapping(Im2colLayer, (w) => {
  const [{ shape, dims }, top] = [w.input(0), w.port(0)];
  const { axis, channels, input, window } = w.layer.read(shape);
  const { kernel, stride, pad, padAfter, dilation } = window;
  w.fixed(dims.slice(axis), "its windows");
  const output = top.shape.slice(axis + 1);
  const unpadded = dims.slice(0, axis + 1).map(() => 0);
  let y = w.pad(w.x, [...unpadded, ...pad], [...unpadded, ...padAfter]);
  for (const i of input.keys()) {
    const [taps = 1, steps = 1] = [kernel[i], output[i]];
    const places = Array.from(
      { length: taps * steps },
      (_, at) => Math.floor(at / steps) * (dilation[i] ?? 1) + (at % steps) * (stride[i] ?? 1),
    );
    y = w.node("Gather", [y, w.ints(places, [taps, steps])], { axis: axis + 1 + 2 * i });
  }
  // The axes are now … channels, then taps and steps of each spatial axis.
  const spatial = [...input.keys()].map((i) => axis + 1 + 2 * i);
  const outer = Array.from({ length: axis + 1 }, (_, i) => i);
  const moved = w.transpose(y, [...outer, ...spatial, ...spatial.map((i) => i + 1)]);
  w.setReshaped(0, moved, [...dims.slice(0, axis), channels, ...kernel, ...output]);
});
