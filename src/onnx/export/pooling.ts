import { PoolingLayer } from "../../layers/vision/pooling.js";
import { mapping } from "./mapping.js";
import { poolPlanes } from "./pool.js";

/**
 * Pooling → `MaxPool` or `AveragePool` (`GlobalMaxPool`, `GlobalAveragePool` where the window is the image), with Caffe's sizes and
 * divisors in every case: see `poolPlanes`. The second top of MAX is exact: the index in the plane, of the first of equals. Values
 * below −FLT_MAX (−∞) under a whole window are −FLT_MAX in Caffe alone.
 */
export const pooling = mapping(PoolingLayer, (w) => {
  const { y, mask } = poolPlanes(w, w.x, w.layer.pooling(w.input(0).shape), w.top.length > 1);
  w.set(0, y);
  if (mask !== undefined) w.set(1, mask);
});
