import { layers } from "../../layers/registry.js";
import type { Target } from "./target.js";

const types = new Set<string>(layers.map(({ type }) => type));

/** Everything that Moka computes: layers and fields of BVLC's Caffe and of its forks. Source: Moka's own registry of layers. */
export const moka: Target = {
  name: "moka",
  title: "everything that Moka computes",
  has: (type) => types.has(type),
  forkFields: "all",
  lacks: [],
  oneBottom: [],
};
