// Pooling of regions: x (n, channels, h, w), rois (regions, 5) = image, x1, y1, x2, y2. The image is an integer from 0 to n − 1 and
// the coordinates are finite: layers check that. The edges of bins are computed in single precision, rounded after every step.
import { kernelOf } from "./kernel.js";
import type { RegionGeometry } from "./sizes.js";

/** One operation for each value of y, and one for each place under a bin, about as many as x has in a plane. */
const operations = ({ regions, channels, input, output }: RegionGeometry) =>
  regions * channels * (input[0] * input[1] + output[0] * output[1]);

/** y (regions, channels, oh, ow) = the largest value in the bin, the first of equals, 0 where it is empty; mask = its index or −1 */
export const regionMax = kernelOf<RegionGeometry>()({ x: "in", rois: "in", y: "out", mask: "out" }, { operations });
/** dx[mask] += dy, from zero, where the place lies inside the rounded region and in the bin that it belongs to by division */
export const regionMaxBackward = kernelOf<RegionGeometry>()(
  { rois: "in", dy: "in", mask: "in", dx: "out" },
  { operations: ({ dy }) => dy.count },
);
/**
 * x (n, channels · oh · ow, h, w), y (regions, channels, oh, ow): bin (i, j) of channel c is the average of channel
 * (c · oh + i) · ow + j of x under it, 0 where it is empty
 */
export const regionAverage = kernelOf<RegionGeometry>()({ x: "in", rois: "in", y: "out" }, { operations });
export const regionAverageBackward = kernelOf<RegionGeometry>()({ rois: "in", dy: "in", dx: "out" }, { operations });
