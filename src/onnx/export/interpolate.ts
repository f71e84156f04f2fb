import type { InterpolateGeometry } from "../../core/kernels.js";
import { InterpLayer } from "../../layers/segmentation/interp.js";
import { ResizeBilinearLayer } from "../../layers/segmentation/resize-bilinear.js";
import { mapping } from "./mapping.js";
import { type Coordinates, resize } from "./resize.js";

/** The place of output i along an axis, by ONNX's rule. */
const rules: Readonly<Record<Coordinates, (i: number, from: number, to: number) => number>> = {
  align_corners: (i, from, to) => (to === 1 ? 0 : (i * (from - 1)) / (to - 1)),
  asymmetric: (i, from, to) => (i * from) / to,
  half_pixel: (i, from, to) => ((i + 0.5) * from) / to - 0.5,
  pytorch_half_pixel: (i, from, to) => (to === 1 ? 0 : ((i + 0.5) * from) / to - 0.5),
};

/**
 * Interp, ResizeBilinear → `Resize` of mode `linear` with the coordinates that the layer has, behind a `Slice` where Interp cuts off
 * places first. Exact, but for the rounding of positions: a runtime computes them in its own way in single precision.
 */
export const interpolate = mapping([InterpLayer, ResizeBilinearLayer], (w) => {
  const geometry = w.call("interpolate");
  const { input, output, first, size } = geometry;
  const [{ shape, dims }, top] = [w.input(0), w.port(0)];
  w.fixed(dims.slice(2), "its places");
  const cuts = ([0, 1] as const).flatMap((axis) =>
    size[axis] === input[axis] ? [] : [{ axis: axis + 2, from: first[axis], to: first[axis] + size[axis] }],
  );
  const part = cuts.length === 0 ? w.x : w.slice(w.x, cuts);
  if (size.join() === output.join()) return w.set(0, part);
  const coordinates = (Object.keys(rules) as Coordinates[]).find((name) => agrees(geometry, rules[name]));
  if (!coordinates) throw w.error("Resize has no coordinates as its own");
  w.set(0, resize(w, part, [[...shape.slice(0, 2), ...size], top.shape], "linear", coordinates));
});

/** Whether a rule gives the places of the layer, which are cut to the edges, but for rounding. */
function agrees({ size, output, ratio, offset }: InterpolateGeometry, rule: (typeof rules)[Coordinates]): boolean {
  return ([0, 1] as const).every((axis) => {
    const cut = (place: number) => Math.min(Math.max(place, 0), size[axis] - 1);
    const isNear = (_: unknown, i: number) => {
      const place = i * ratio[axis] + offset[axis];
      return Math.abs(cut(place) - cut(rule(i, size[axis], output[axis]))) <= 1e-6 * size[axis];
    };
    return Array.from({ length: output[axis] }, isNear).every(Boolean);
  });
}
