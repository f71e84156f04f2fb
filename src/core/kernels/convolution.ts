// Convolution: x (n, channels, …input), w (outputs, channels/group, …kernel), y (n, outputs, …output).
import { countOf } from "../../util/shape.js";
import { call, fusedOf, kernelOf } from "./kernel.js";
import { activate } from "./lowering.js";
import { scale } from "./scale.js";
import type { ConvGeometry } from "./sizes.js";

const products = ({ n, channels, outputs, group, output, kernel }: ConvGeometry) =>
  2 * n * outputs * countOf(output) * (channels / group) * countOf(kernel);
const values = ({ n, outputs, output }: ConvGeometry) => n * outputs * countOf(output);
/** y = w ∗ x + bias */
export const conv = kernelOf<ConvGeometry>()(
  { x: "in", w: "in", bias: "in?", y: "out" },
  { operations: (args) => products(args) + (args.bias ? values(args) : 0) },
);
/**
 * `conv`, and the steps that follow in place: y = act(multiplier·(w ∗ x) + bias), with one multiplier and one bias for
 * each output, and act as in `batchNormFused`. The default of multiplier is 1.
 */
export const convFused = fusedOf<ConvGeometry>()(
  { x: "in", w: "in", multiplier: "in?", bias: "in?", y: "out", negativeSlope: "number" },
  {
    operations: (args) => products(args) + 3 * values(args),
    lowersTo: ({ multiplier, negativeSlope, ...args }) => {
      const { n, outputs, output, bias, y } = args;
      const size = { outer: n, dim: outputs, inner: countOf(output) };
      return [
        call(conv, multiplier ? { ...args, bias: undefined } : args),
        ...(multiplier ? [call(scale, { x: y, scale: multiplier, bias, y, ...size })] : []),
        ...activate(y, negativeSlope),
      ];
    },
  },
);
/** dx = the gradient of `conv` for x */
export const convBackwardData = kernelOf<ConvGeometry>()({ dy: "in", w: "in", dx: "out" }, { operations: products });
/** dw += the gradient of `conv` for w */
export const convBackwardWeights = kernelOf<ConvGeometry>()(
  { x: "in", dy: "in", dw: "inout" },
  { operations: products },
);
