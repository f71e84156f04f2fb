import { PSROIPoolingLayer } from "../../layers/detection/psroi-pooling.js";
import { numbersOf } from "./detections.js";
import type { Value } from "./graph-writer.js";
import { mapping } from "./mapping.js";
import type { Operators } from "./operators.js";
import { edges, rounded, under } from "./region-bins.js";

/**
 * PSROIPooling → the rows and the columns under each bin as masks of 0 and 1, `MatMul` with the columns, `Mul` with the rows, `ReduceSum`,
 * and `Div` by the number of places. The edges of bins are computed as the layer does, step by step; the sums are in another order. It takes
 * group² · output_dim · H · regions values of memory. Where x has an infinity or NaN, other bins of its image and channel become NaN.
 */
export const psroiPooling = mapping(PSROIPoolingLayer, (w) => {
  const {
    channels,
    input: [height, width],
    output: [group],
    scale,
  } = w.first("regionAverage");
  const [x, rois] = [w.input(0), w.input(1)];
  const [images = 1] = x.dims;
  const regions = w.reshaped(rois.value, rois.dims, [rois.dims[0] ?? 1, 5]);
  const sides = w.split(w.transpose(regions, [1, 0]), 0, [1, 1, 1, 1, 1]);
  const [image = "", x1 = "", y1 = "", x2 = "", y2 = ""] = sides;
  // (group, H, R) and (group, W, R).
  const rows = underBins(w, { start: y1, end: y2, group, scale, size: height });
  const columns = underBins(w, { start: x1, end: x2, group, scale, size: width });

  // Channel (c·group + i)·group + j belongs to bin (i, j): (j, c, i, N, H, W).
  const parts = w.reshaped(x.value, x.dims, [images, channels, group, group, height, width]);
  const places = w.transpose(parts, [3, 1, 2, 0, 4, 5]);
  const inColumns = w.node("MatMul", [places, w.unsqueeze(columns, [1, 2, 3])]);
  let inBins = w.node("Mul", [inColumns, w.unsqueeze(rows, [1])]);
  if (images !== 1) {
    const numbers = w.unsqueeze(numbersOf(w, images, x.value), [1]);
    const isOwn = w.cast(w.node("Equal", [w.cast(numbers, "int"), w.cast(image, "int")]), "float");
    inBins = w.node("Mul", [inBins, w.unsqueeze(isOwn, [1])]);
  }
  const sums = w.reduce("ReduceSum", inBins, [3, 4], false);
  const count = (mask: Value) => w.reduce("ReduceSum", mask, [1], false);
  const area = w.node("Mul", [w.unsqueeze(count(columns), [1, 2]), count(rows)]);
  const averages = w.node("Div", [sums, w.node("Max", [area, w.scalar(1)])]);
  w.set(0, w.transpose(averages, [3, 1, 2, 0]));
});

/**
 * 1 for the places of an axis that lie under each bin of each region, else 0: (group, size, R).
 *
 * @param axis start and end: the coordinates (1, R) of the regions
 */
function underBins(
  w: Operators,
  axis: { start: Value; end: Value; group: number; scale: number; size: number },
): Value {
  const { group, size } = axis;
  const scale = w.scalar(axis.scale);
  const start = w.node("Mul", [rounded(w, axis.start), scale]);
  const end = w.node("Mul", [w.node("Add", [rounded(w, axis.end), w.scalar(1)]), scale]);
  const length = w.node("Max", [w.node("Sub", [end, start]), w.scalar(0.1)]);
  const [from, to] = edges(w, w.node("Div", [length, w.scalar(group)]), group);
  return under(w, w.node("Add", [from, start]), w.node("Add", [to, start]), size);
}
