import type { RegionGeometry } from "../../core/kernels.js";
import { type Bind, call, grainOf } from "./call.js";

/** The numbers that all four kernels take, and the sizes of their spans. */
function sizesOf({ n, channels, regions, input, output, scale }: RegionGeometry) {
  const place = input[0] * input[1];
  const bins = output[0] * output[1];
  return {
    place,
    bins,
    rois: 5 * regions,
    outputs: regions * channels * bins,
    inputs: n * channels * place,
    numbers: [n, channels, regions, ...input, ...output, scale],
  };
}

export const regionMax: Bind<"regionMax"> = ({ x, rois, y, mask, ...geometry }, at) => {
  const { place, bins, numbers, ...counts } = sizesOf(geometry);
  const addresses = [at(x, counts.inputs), at(rois, counts.rois), at(y, counts.outputs), at(mask, counts.outputs)];
  const extra = { grain: grainOf(place + bins) };
  return call("regionMax", geometry.regions * geometry.channels, [...addresses, ...numbers], extra);
};

export const regionMaxBackward: Bind<"regionMaxBackward"> = ({ rois, dy, mask, dx, ...geometry }, at) => {
  const { place, bins, numbers, ...counts } = sizesOf(geometry);
  const addresses = [at(rois, counts.rois), at(dy, counts.outputs), at(mask, counts.outputs), at(dx, counts.inputs)];
  const extra = { grain: grainOf(geometry.n * place + geometry.regions * bins) };
  return call("regionMaxBackward", geometry.channels, [...addresses, ...numbers], extra);
};

export const regionAverage: Bind<"regionAverage"> = ({ x, rois, y, ...geometry }, at) => {
  const { place, bins, numbers, ...counts } = sizesOf(geometry);
  const addresses = [at(x, counts.inputs * bins), at(rois, counts.rois), at(y, counts.outputs)];
  const extra = { grain: grainOf(place + bins) };
  return call("regionAverage", geometry.regions * geometry.channels, [...addresses, ...numbers], extra);
};

export const regionAverageBackward: Bind<"regionAverageBackward"> = ({ rois, dy, dx, ...geometry }, at) => {
  const { place, bins, numbers, ...counts } = sizesOf(geometry);
  const addresses = [at(rois, counts.rois), at(dy, counts.outputs), at(dx, counts.inputs * bins)];
  const extra = { grain: grainOf(geometry.n * place * bins + geometry.regions * place) };
  return call("regionAverageBackward", geometry.channels, [...addresses, ...numbers], extra);
};
