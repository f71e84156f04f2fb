import { create, createRegistry, type Message } from "@bufbuild/protobuf";
import { file_caffe } from "../../proto/gen/caffe_pb.js";
import { check } from "../../util/errors.js";

const registry = createRegistry(file_caffe);

/** An object of a message's prototype, which has the defaults of its fields. */
export function emptyMessage(type: string): Message {
  const schema = registry.getMessage(type);
  check(schema, "MOKA_USAGE", `caffe.proto has no message ${type}`);
  return Object.create(Object.getPrototypeOf(create(schema)));
}
