import { ReductionLayer } from "../../layers/common/reduction.js";
import { ReductionParameter_ReductionOp as Operation } from "../../proto/gen/caffe_pb.js";
import { mapping } from "./mapping.js";

const operators: ReadonlyMap<Operation, `Reduce${string}`> = new Map([
  [Operation.SUM, "ReduceSum"],
  [Operation.ASUM, "ReduceL1"],
  [Operation.SUMSQ, "ReduceSumSquare"],
  [Operation.MEAN, "ReduceMean"],
]);

/** Reduction → `ReduceSum`, `ReduceL1`, `ReduceSumSquare` or `ReduceMean`, and `Mul` by the coefficient unless it is 1. Exact. */
export const reduction = mapping(ReductionLayer, (w) => {
  const { operation, coeff } = w.layer;
  const operator = operators.get(operation);
  if (!operator) throw w.error(`its operation ${operation} is not known`);
  const from = w.port(0).shape.length;
  const axes = [...w.input(0).shape.keys()].slice(from);
  w.set(0, w.affine(w.reduce(operator, w.x, axes, false), coeff, 0));
});
