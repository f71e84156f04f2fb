import type { RegionGeometry } from "../../core/kernels.js";
import { ROIPoolingLayer } from "../../layers/detection/roi-pooling.js";
import { float } from "../model.js";
import type { Value } from "./graph-writer.js";
import type { LayerWriter } from "./layer-writer.js";
import { mapping } from "./mapping.js";
import type { Operators } from "./operators.js";
import { edges, rounded, under } from "./region-bins.js";
import { scan } from "./scan.js";

/**
 * ROIPooling → `MaxRoiPool`. Exact in ONNX Runtime, whose operator rounds coordinates and bins as Caffe does, and gives 0 for an empty bin;
 * ONNX itself names no rounding. It was compared at the edges of both: halves, regions outside the image, of no size, and turned round.
 *
 * From opset 22 on, whose `MaxRoiPool` ONNX Runtime has not, a `Scan` over the regions with simple operators: exact, but slow. NaN in
 * x, which Caffe passes over, stays NaN there.
 */
export const roiPooling = mapping(ROIPoolingLayer, (w) => {
  const geometry = w.first("regionMax");
  const { output, scale } = geometry;
  const { value, dims } = w.input(1);
  const regions = w.reshaped(value, dims, [dims[0] ?? 1, 5]);
  if (w.opset >= 22) {
    w.note(
      "a loop over the regions, because ONNX Runtime has no MaxRoiPool of opset 22; up to opset 21 it is tens of times faster",
    );
    w.set(0, eachRegion(w, regions, geometry));
    return;
  }
  w.set(0, w.node("MaxRoiPool", [w.x, regions], { pooled_shape: output, spatial_scale: float(scale) }));
});

function eachRegion(w: LayerWriter, regions: Value, { channels, input, output, scale }: RegionGeometry): Value {
  const [[height, width], [rows, columns]] = [input, output];
  const [, x1 = "", y1 = "", x2 = "", y2 = ""] = w.split(w.transpose(regions, [1, 0]), 0, [1, 1, 1, 1, 1]);
  const masks = (start: Value, end: Value, bins: number, size: number) =>
    w.transpose(underBins(w, { start, end, bins, scale, size }), [2, 0, 1]);
  const sequences = [
    { value: w.slice(regions, [{ axis: 1, from: 0, to: 1 }]), dims: [1] },
    { value: masks(y1, y2, rows, height), dims: [rows, height] },
    { value: masks(x1, x2, columns, width), dims: [columns, width] },
  ];
  const [y = ""] = scan(w, [], sequences, (o, _, [image = "", inRow = "", inColumn = ""]) => {
    const own = o.squeeze(o.node("Gather", [w.x, o.cast(image, "int")]), [0]);
    const lowest = o.scalar(-3.4028234663852886e38);
    const among = (x: Value, mask: Value, axis: number) =>
      o.reduce("ReduceMax", o.node("Where", [o.cast(mask, "bool"), x, lowest]), [axis], false);
    // (C, H, 1, W) and (columns, W); then (C, 1, H, columns) and (rows, H, 1).
    const byColumn = among(o.unsqueeze(own, [2]), inColumn, 3);
    const largest = among(o.unsqueeze(byColumn, [1]), o.unsqueeze(inRow, [2]), 2);
    const isAny = (mask: Value, keepdims: boolean) => o.reduce("ReduceMax", mask, [1], keepdims);
    const isFull = o.node("Mul", [isAny(inRow, true), isAny(inColumn, false)]);
    const value = o.node("Where", [o.cast(isFull, "bool"), largest, o.scalar(0)]);
    return { states: [], results: [{ value, dims: [channels, rows, columns] }] };
  });
  return y;
}

/** 1 for the places of an axis that lie under each bin of each region, else 0: (bins, size, R). Start and end: coordinates (1, R). */
function underBins(w: Operators, axis: { start: Value; end: Value; bins: number; scale: number; size: number }): Value {
  const one = w.scalar(1);
  const scaled = (x: Value) => rounded(w, w.node("Mul", [x, w.scalar(axis.scale)]));
  const start = scaled(axis.start);
  const length = w.node("Max", [w.node("Add", [w.node("Sub", [scaled(axis.end), start]), one]), one]);
  const [from, to] = edges(w, w.node("Div", [length, w.scalar(axis.bins)]), axis.bins);
  const moved = (edge: Value) => w.node("Add", [edge, start]);
  return under(w, moved(w.node("Floor", [from])), moved(w.node("Ceil", [to])), axis.size);
}
