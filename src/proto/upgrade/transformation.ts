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

type Holder =
  | { readonly name: "dataParam"; readonly schema: typeof DataParameterSchema }
  | { readonly name: "imageDataParam"; readonly schema: typeof ImageDataParameterSchema }
  | { readonly name: "windowDataParam"; readonly schema: typeof WindowDataParameterSchema };

/** The parameters of V1 layers that held what is now in `transform_param`. */
const holders = new Map<Type, Holder>([
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

/** Whether a data layer of V1 has a transformation field of its own; layers of today keep theirs, as in Caffe. */
export function needsTransformationUpgrade(net: NetParameter): boolean {
  return net.layers.some((layer) => {
    const param = holderOf(layer);
    return param !== undefined && fields.some(({ local }) => Object.hasOwn(param, local));
  });
}

/**
 * Moves `scale`, `mean_file`, `crop_size` and `mirror` of V1 data layers to their `transform_param`. All these layers
 * then have both messages, though they may be empty, as in Caffe.
 */
export function upgradeTransformation(net: NetParameter): void {
  for (const layer of net.layers) {
    const holder = holders.get(layer.type);
    if (!holder) continue;
    const param = holderOf(layer) ?? create(holder.schema);
    const transform = layer.transformParam ?? create(TransformationParameterSchema);
    Object.assign(layer, { [holder.name]: param, transformParam: transform });
    for (const { local, name } of fields) {
      if (!Object.hasOwn(param, local)) continue;
      Object.assign(transform, { [local]: param[local] });
      delete (param as Partial<typeof param>)[local];
      movePlace(param, name, transform, name);
    }
  }
}

function holderOf(layer: V1LayerParameter) {
  const holder = holders.get(layer.type);
  return holder && layer[holder.name];
}
