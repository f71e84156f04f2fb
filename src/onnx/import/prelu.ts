import { floatConstant } from "../tensor.js";
import { runOf } from "./broadcast.js";
import type { Imported, Scope } from "./scope.js";
import { floatsOf } from "./value.js";

/** PRelu → PReLU: exact for one slope for all values, or one for each channel (axis 1); slopes along other axes are refused. */
export function prelu(node: Scope): Imported {
  const x = node.blob(0);
  const slope = node.constant(1, "slopes");
  if (!slope) throw node.node.error("MOKA_PARSE", "it has no slopes");
  const values = floatsOf(slope);
  if (values.length === 1) {
    return node.layer(
      "PReLU",
      [x],
      { preluParam: { channelShared: true } },
      { parameters: [floatConstant([], values)], inPlace: true },
    );
  }
  const run = runOf(slope.shape, x.shape);
  node.check(
    run?.axis === 1 && run.shape.length === 1,
    `its slopes ${slope.shape.join(" × ")} are not one for each channel of ${x.shape.join(" × ")}; Caffe has one for each, or one for all`,
  );
  return node.layer("PReLU", [x], {}, { parameters: [floatConstant(run.shape, values)], inPlace: true });
}
