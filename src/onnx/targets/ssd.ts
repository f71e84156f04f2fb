import { bvlc } from "./bvlc.js";
import { afterVersion1, type Target } from "./target.js";

/** What BVLC's Caffe got after SSD's fork left it, in 2018. */
const later = ["Clip", "Swish"];

/**
 * SSD's fork (weiliu89/caffe, branch ssd): BVLC's layers of 2017, and its own Permute and Normalize.
 *
 * Source: its caffe.proto, of which `proto/dialects/ssd.proto` has what BVLC lacks; Clip, Swish and `round_mode` are not in it.
 */
export const ssd: Target = {
  name: "ssd",
  title: "SSD's fork of Caffe",
  has: (type) => (bvlc.has(type) && !later.includes(type)) || type === "Permute",
  forkFields: [],
  lacks: afterVersion1,
  oneBottom: [],
};
