import { PadLayer } from "../../layers/common/pad.js";
import { mapping } from "./mapping.js";

/** Pad → `Pad` with its constant. Exact. */
export const pad = mapping(PadLayer, (w) => {
  const { paddings = [], constantValues = 0 } = w.layer.message.padParam ?? {};
  const side = (first: 0 | 1) => paddings.filter((_, i) => i % 2 === first);
  w.set(0, w.pad(w.x, side(0), side(1), constantValues));
});
