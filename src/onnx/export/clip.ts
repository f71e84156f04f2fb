import { ClipLayer } from "../../layers/activation/clip.js";
import { ReLU6Layer } from "../../layers/activation/relu6.js";
import { mapping } from "./mapping.js";

/** Clip, ReLU6 → `Clip`. Exact, but that NaN stays NaN, where the layer gives the lower bound. */
export const clip = mapping([ClipLayer, ReLU6Layer], (w) => {
  const { min, max } = w.call("clip");
  w.set(0, w.clip(w.x, min, max));
});
