import { originOf } from "../../layers/registry.js";
import { moka } from "./moka.js";
import type { Target } from "./target.js";

/** BVLC's Caffe, as of its last commit (2020), with no layer or field of a fork. Source: its caffe.proto, from which the registry tells the types. */
export const bvlc: Target = {
  name: "bvlc",
  title: "BVLC's Caffe",
  has: (type) => moka.has(type) && originOf(type) === undefined,
  forkFields: [],
  lacks: [],
  oneBottom: [],
};
