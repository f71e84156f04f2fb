import type { DescField } from "@bufbuild/protobuf";
import { LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import { layers } from "./registry.js";

export type MessageField = DescField & { readonly fieldKind: "message" };

const messageFields = LayerParameterSchema.fields.filter(
  (field): field is MessageField => field.fieldKind === "message",
);

const ownFields = new Map<string, MessageField | undefined>([
  ...messageFields.map((field) => [field.message.name.replace(/Parameter$/, ""), field] as const),
  ...layers.flatMap(({ type, paramField: own }) => {
    return own ? [[type, messageFields.find(({ name }) => name === own)] as const] : [];
  }),
]);

/** The field of LayerParameter that holds the message of a layer type: `convolution_param` for Convolution and Deconvolution. */
export function paramFieldOf(type: string): MessageField | undefined {
  return ownFields.get(type);
}
