import { countOf, type Shape } from "../../util/shape.js";
import { type Constant, floatConstant } from "../tensor.js";
import { affine } from "./broadcast.js";
import type { Imported, Scope } from "./scope.js";
import { floatsOf } from "./value.js";

/**
 * Gemm, alpha·A·B + beta·C, with constant B and C → InnerProduct: exact; alpha and beta go into weights and bias, with one more rounding.
 * A transposed A, and a B that a run computes, are refused.
 */
export function gemm(node: Scope): Imported {
  const x = node.blob(0);
  const weights = node.constant(1, "weights");
  if (!weights) throw node.node.error("MOKA_PARSE", "it has no weights");
  node.check(
    node.node.int("transA", 0) === 0,
    "it transposes its input, which no layer does together with the product",
  );
  const [alpha, beta] = [node.node.float("alpha", 1), node.node.float("beta", 1)];
  const rows = rowsOf(node, weights, node.node.int("transB", 0) === 1, alpha);
  const [outputs = 0] = rows.shape;
  const added = node.constant(2, "bias");
  const shift =
    added &&
    floatConstant(
      added.shape,
      floatsOf(added).map((value) => value * beta),
    );
  if (!shift || countOf(shift.shape) === 1 || countOf(shift.shape) === outputs) {
    const bias =
      shift &&
      floatConstant(
        [outputs],
        Float32Array.from({ length: outputs }, (_, i) => shift.data[shift.data.length === 1 ? 0 : i] as number),
      );
    return product(node, rows, bias);
  }
  const y = node.layer(
    "InnerProduct",
    [x],
    { innerProductParam: { numOutput: outputs, biasTerm: false } },
    { parameters: [rows], suffix: "product" },
  );
  return affine(node, y, { shift });
}

/** MatMul of a blob with a constant matrix → InnerProduct along the last axis: exact. Two blobs, as in attention, are refused. */
export function matMul(node: Scope): Imported {
  const isLeft = node.input(0).kind === "constant";
  node.check(!isLeft, "a constant matrix is multiplied from the left; Caffe's InnerProduct multiplies from the right");
  const weights = node.constant(1, "second matrix");
  if (!weights) throw node.node.error("MOKA_PARSE", "it has no second matrix");
  const matrix = { ...weights, shape: matrixShape(weights.shape) };
  return product(node, rowsOf(node, matrix, false, 1), undefined);
}

function matrixShape(shape: Shape): Shape {
  return shape.slice(0, -2).every((size) => size === 1) ? shape.slice(-2) : shape;
}

function product(node: Scope, rows: Constant, bias: Constant | undefined) {
  const x = node.blob(0);
  const [numOutput = 0, inputs] = rows.shape;
  const axis = x.shape.length - 1;
  node.check(
    axis >= 1 && x.shape[axis] === inputs,
    `${x.shape.join(" × ")} times a matrix for ${inputs} inputs is no product of Caffe's`,
  );
  const fields = { numOutput, biasTerm: bias !== undefined, ...(axis === 1 ? {} : { axis }) };
  return node.layer("InnerProduct", [x], { innerProductParam: fields }, { parameters: bias ? [rows, bias] : [rows] });
}

/** A matrix with one row for each output, as InnerProduct has it, times `factor`. */
function rowsOf(node: Scope, { shape, ...rest }: Constant, hasRows: boolean, factor: number): Constant {
  node.check(shape.length === 2, `its weights ${shape.join(" × ")} are no matrix`);
  const values = floatsOf({ ...rest, shape } as Constant);
  const [first = 0, second = 0] = shape;
  if (hasRows) return floatConstant(shape, factor === 1 ? values : values.map((value) => value * factor));
  node.budget.take(values.length);
  const turned = new Float32Array(values.length);
  for (let i = 0; i < first; i++)
    for (let j = 0; j < second; j++) turned[j * first + i] = (values[i * second + j] ?? 0) * factor;
  return floatConstant([second, first], turned);
}
