import { AddLayer } from "../../layers/common/add.js";
import { mapping } from "./mapping.js";

/** Add → `Add`, which repeats axes in the same way. Exact. */
export const add = mapping(AddLayer, (w) => w.set(0, w.node("Add", [w.x, w.input(1).value])));
