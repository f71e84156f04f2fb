import { PReLULayer } from "../../layers/activation/prelu.js";
import { mapping } from "./mapping.js";

/** PReLU → `PRelu`, with a slope for each channel, or one for all. Exact. */
export const prelu = mapping(PReLULayer, (w) => {
  const { dims } = w.input(0);
  const [channels = 1] = w.layer.params[0]?.shape ?? [];
  const isShared = w.layer.params[0]?.shape.length === 0;
  const slope = w.param(0, isShared ? [1] : dims.slice(1).map((_, i) => (i === 0 ? channels : 1)));
  w.set(0, w.node("PRelu", [w.x, slope]));
});
