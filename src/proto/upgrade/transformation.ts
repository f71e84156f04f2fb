import { create } from "@bufbuild/protobuf";
import {
  DataParameterSchema,
  ImageDataParameterSchema,
  type NetParameter,
  TransformationParameterSchema,
  V1LayerParameter_LayerType as Type,
  type V1LayerParameter,
  WindowDataParameterSchema,
} from "../gen/caffe_pb.js";
import { movePlace } from "./side-data.js";

type OldParam =
  | { readonly name: "dataParam"; readonly schema: typeof DataParameterSchema }
  | { readonly name: "imageDataParam"; readonly schema: typeof ImageDataParameterSchema }
  | { readonly name: "windowDataParam"; readonly schema: typeof WindowDataParameterSchema };

/** The messages of V1 layers that had the fields that are now in `transform_param`. */
const oldParams = new Map<Type, OldParam>([
  [Type.DATA, { name: "dataParam", schema: DataParameterSchema }],
  [Type.IMAGE_DATA, { name: "imageDataParam", schema: ImageDataParameterSchema }],
  [Type.WINDOW_DATA, { name: "windowDataParam", schema: WindowDataParameterSchema }],
]);

const fields = [
  { local: "scale", name: "scale" },
  { local: "meanFile", name: "mean_file" },
  { local: "cropSize", name: "crop_size" },
  { local: "mirror", name: "mirror" },
] as const;

/** Whether a V1 data layer has a transformation field in its own message. As in Caffe, current layers do not change. */
export function needsTransformationUpgrade(net: NetParameter): boolean {
  return net.layers.some((layer) => {
    const param = oldParamOf(layer);
    return param !== undefined && fields.some(({ local }) => Object.hasOwn(param, local));
  });
}

/**
 * Moves `scale`, `mean_file`, `crop_size` and `mirror` of V1 data layers to their `transform_param`. As in Caffe, all
 * these layers then have both messages, which may be empty.
 */
export function upgradeTransformation(net: NetParameter): void {
  for (const layer of net.layers) {
    const oldParam = oldParams.get(layer.type);
    if (!oldParam) continue;
    const param = oldParamOf(layer) ?? create(oldParam.schema);
    const transform = layer.transformParam ?? create(TransformationParameterSchema);
    Object.assign(layer, { [oldParam.name]: param, transformParam: transform });
    for (const { local, name } of fields) {
      if (!Object.hasOwn(param, local)) continue;
      Object.assign(transform, { [local]: param[local] });
      delete (param as Partial<typeof param>)[local];
      movePlace(param, name, transform, name);
    }
  }
}

function oldParamOf(layer: V1LayerParameter) {
  const oldParam = oldParams.get(layer.type);
  return oldParam && layer[oldParam.name];
}
