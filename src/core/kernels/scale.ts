// Scale and bias: x (outer, dim, inner); all may work in place.
import { kernelOf } from "./kernel.js";
import type { Collapsed } from "./sizes.js";

export interface Sum extends Collapsed {
  readonly accumulate: boolean;
}

const target = ({ accumulate }: Sum) => (accumulate ? "inout" : "out");
/** y = x·scale[dim] + bias[dim] */
export const scale = kernelOf<Collapsed>()(
  { x: "in", scale: "in", bias: "in?", y: "out" },
  {
    operations: ({ bias, outer, dim, inner }) => outer * dim * inner * (bias ? 2 : 1),
    overwrites: { y: ["x"] },
  },
);
/** y = x·scale[dim] + addend */
export const scaleAdd = kernelOf<Collapsed>()(
  { x: "in", scale: "in", addend: "in", y: "out" },
  { operations: 2, overwrites: { y: ["x", "addend"] } },
);
/** dscale = Σ x·dy over outer and inner, added to dscale if `accumulate` */
export const scaleBackward = kernelOf<Sum>()({ x: "in", dy: "in", dscale: target }, { operations: 2 });
/** y = x + bias[dim] */
export const bias = kernelOf<Collapsed>()({ x: "in", bias: "in", y: "out" }, { overwrites: { y: ["x"] } });
/** dbias = Σ dy over outer and inner, added to dbias if `accumulate` */
export const biasBackward = kernelOf<Sum>()({ dy: "in", dbias: target });
