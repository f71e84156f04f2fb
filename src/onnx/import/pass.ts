import { TensorProto_DataType as DataType } from "../gen/onnx_pb.js";
import type { Imported, Scope } from "./scope.js";

/** Identity, and Dropout, which does nothing in inference → nothing: exact. */
export function pass(node: Scope): Imported {
  const training = node.node.type === "Dropout" && node.inputs[2];
  node.check(
    !training || (training.kind === "constant" && !training.constant.data[0]),
    "it drops values in training mode",
  );
  return node.pass(node.blob(0));
}

const floats: readonly number[] = [DataType.FLOAT, DataType.DOUBLE, DataType.FLOAT16, DataType.BFLOAT16];

/** Cast to floats → nothing: exact for single precision; half and double precision are computed in single. Cast to integers is refused. */
export function cast(node: Scope): Imported {
  const to = node.node.int("to", DataType.FLOAT);
  node.check(floats.includes(to), `it casts to ${DataType[to] ?? to}, and Caffe's blobs hold floats only`);
  if (to !== DataType.FLOAT) node.note(`values of the type ${DataType[to]} are computed in single precision`);
  return node.pass(node.blob(0));
}
