import { create, type DescField, isFieldSet, type Message, ScalarType } from "@bufbuild/protobuf";
import { MokaError } from "../../util/errors.js";
import type { Log } from "../../util/log.js";
import {
  type NetParameter,
  type V0LayerParameter,
  V0LayerParameterSchema,
  type V1LayerParameter,
  V1LayerParameter_LayerType,
  V1LayerParameterSchema,
} from "../gen/caffe_pb.js";
import { copySideData, placeOf, sourceOf } from "../source.js";
import { fieldOf } from "../text/layout.js";
import { mergeSideData, movePlace } from "./side-data.js";

/** The V0 types that are not a V1 name in lower case. */
const renamed: Readonly<Record<string, V1LayerParameter_LayerType>> = {
  conv: V1LayerParameter_LayerType.CONVOLUTION,
  images: V1LayerParameter_LayerType.IMAGE_DATA,
  innerproduct: V1LayerParameter_LayerType.INNER_PRODUCT,
  pool: V1LayerParameter_LayerType.POOLING,
};

/** The V0 types that are a V1 name in lower case. */
const sameNames = (
  "accuracy bnll concat data dropout euclidean_loss flatten hdf5_data hdf5_output im2col infogain_loss lrn " +
  "multinomial_logistic_loss relu sigmoid softmax softmax_loss split tanh window_data"
).split(" ");

const types: ReadonlyMap<string, V1LayerParameter_LayerType> = new Map([
  ...Object.entries(renamed),
  ...sameNames.map((type): [string, V1LayerParameter_LayerType] => {
    const name = type.toUpperCase() as keyof typeof V1LayerParameter_LayerType;
    return [type, V1LayerParameter_LayerType[name]];
  }),
]);

/** The new place of a field, `message.field`, by the type of the layer. */
type Targets = Readonly<Record<string, string>>;

interface Move {
  readonly field: DescField;
  /** The field's name in Caffe's log message, and that message's line in upgrade_proto.cpp. */
  readonly label: string;
  readonly line: number;
  /** One target for all layer types, or a target for each type that has the field. */
  readonly targets: string | Targets;
}

const convAndInnerProduct = (field: string): Targets => ({
  conv: `convolution_param.${field}`,
  innerproduct: `inner_product_param.${field}`,
});
const windowData = (field: string): Targets => ({ window_data: `window_data_param.${field}` });

/** The fields of a V0 layer, in Caffe's order. */
const moves: readonly Move[] = [
  move("num_output", 237, convAndInnerProduct("num_output")),
  move("biasterm", 249, convAndInnerProduct("bias_term")),
  move("weight_filler", 261, convAndInnerProduct("weight_filler")),
  move("bias_filler", 273, convAndInnerProduct("bias_filler")),
  move("pad", 283, { conv: "convolution_param.pad", pool: "pooling_param.pad" }),
  move("kernelsize", 295, { conv: "convolution_param.kernel_size", pool: "pooling_param.kernel_size" }),
  move("group", 304, { conv: "convolution_param.group" }),
  move("stride", 316, { conv: "convolution_param.stride", pool: "pooling_param.stride" }),
  move("pool", 341, { pool: "pooling_param.pool" }),
  move("dropout_ratio", 350, { dropout: "dropout_param.dropout_ratio" }),
  move("local_size", 359, { lrn: "lrn_param.local_size" }),
  move("alpha", 367, { lrn: "lrn_param.alpha" }),
  move("beta", 375, { lrn: "lrn_param.beta" }),
  move("k", 383, { lrn: "lrn_param.k" }),
  move("source", 403, {
    data: "data_param.source",
    hdf5_data: "hdf5_data_param.source",
    images: "image_data_param.source",
    window_data: "window_data_param.source",
    infogain_loss: "infogain_loss_param.source",
  }),
  move("scale", 0, "transform_param.scale"),
  move("meanfile", 0, "transform_param.mean_file"),
  move("batchsize", 429, {
    data: "data_param.batch_size",
    hdf5_data: "hdf5_data_param.batch_size",
    images: "image_data_param.batch_size",
    window_data: "window_data_param.batch_size",
  }),
  move("cropsize", 0, "transform_param.crop_size"),
  move("mirror", 0, "transform_param.mirror"),
  move("rand_skip", 449, { data: "data_param.rand_skip", images: "image_data_param.rand_skip" }),
  move("shuffle_images", 458, { images: "image_data_param.shuffle" }, "shuffle"),
  move("new_height", 467, { images: "image_data_param.new_height" }),
  move("new_width", 476, { images: "image_data_param.new_width" }),
  move("concat_dim", 485, { concat: "concat_param.concat_dim" }),
  move("det_fg_threshold", 494, windowData("fg_threshold")),
  move("det_bg_threshold", 504, windowData("bg_threshold")),
  move("det_fg_fraction", 514, windowData("fg_fraction")),
  move("det_context_pad", 524, windowData("context_pad")),
  move("det_crop_mode", 534, windowData("crop_mode")),
  move("hdf5_output_param", 544, { hdf5_output: "hdf5_output_param" }),
];

function move(name: string, line: number, targets: string | Targets, label = name): Move {
  return { field: fieldOf(V0LayerParameterSchema, name), label, line, targets };
}

/**
 * Replaces the V0 layers of `net` (2013, `layers { layer { type: "conv" } }`) by V1 layers, as Caffe does. A padding
 * layer becomes the `pad` of the convolution or pooling that reads it. Blobs are not copied.
 *
 * Other fields of the net, and layers that are already V1, do not change. Caffe drops all fields of such a net except
 * `name`, `input`, `input_dim` and `force_backward`, and all fields of such layers except their bottoms and tops.
 *
 * @returns whether every field has a counterpart in V1
 * @throws MokaError `MOKA_LAYER` for an unknown type, or a padding layer where none is allowed; `MOKA_BLOB` for a
 *   bottom that no layer above produces
 */
export function upgradeV0Net(net: NetParameter, log: Log): boolean {
  removePaddingLayers(net);
  let complete = true;
  net.layers = net.layers.map((old) => {
    if (!old.layer) return old;
    const layer = create(V1LayerParameterSchema, { bottom: old.bottom, top: old.top });
    copySideData(old, layer);
    complete = upgradeLayer(old.layer, layer, log) && complete;
    mergeSideData(old.layer, layer);
    return layer;
  });
  return complete;
}

/** Removes the padding layers, and moves their `pad` to the layers that read them. */
function removePaddingLayers(net: NetParameter): void {
  /** The last layer so far that produces each blob; undefined for an input of the net. */
  const producers = new Map<string, V1LayerParameter | undefined>(net.input.map((name) => [name, undefined]));
  for (const connection of net.layers) {
    connection.bottom.forEach((name, index) => {
      if (!producers.has(name)) {
        throw failure(connection, "MOKA_BLOB", `bottom ${index} is "${name}", which no layer above produces`);
      }
      const producer = producers.get(name);
      if (producer?.layer?.type === "padding") mergePadding(producer, producer.layer, connection);
    });
    for (const name of connection.top) producers.set(name, connection);
  }
  net.layers = net.layers.filter(({ layer }) => layer?.type !== "padding");
}

/** Moves the `pad` and the bottom of the layer `padding` to `reader`, the layer that reads it. */
function mergePadding(padding: V1LayerParameter, { pad }: V0LayerParameter, reader: V1LayerParameter): void {
  const { bottom, top } = padding;
  const { layer } = reader;
  if (layer?.type !== "conv" && layer?.type !== "pool") {
    throw failure(reader, "MOKA_LAYER", 'reads a padding layer, which only layers of type "conv" and "pool" can');
  }
  if (reader.bottom.length !== 1) {
    throw failure(reader, "MOKA_LAYER", `reads a padding layer, so must have 1 bottom, not ${reader.bottom.length}`);
  }
  if (bottom.length !== 1 || top.length !== 1) {
    throw failure(padding, "MOKA_LAYER", `must have 1 bottom and 1 top, not ${bottom.length} and ${top.length}`);
  }
  layer.pad = pad;
  reader.bottom = bottom;
}

/** Fills `to` from the V0 layer `from`. Returns whether every field has a counterpart in V1. */
function upgradeLayer(from: V0LayerParameter, to: V1LayerParameter, log: Log): boolean {
  if (isFieldSet(from, V0LayerParameterSchema.field.name)) to.name = from.name;
  if (isFieldSet(from, V0LayerParameterSchema.field.type)) to.type = typeFor(from);
  to.blobs = from.blobs;
  to.blobsLr = from.blobsLr;
  to.weightDecay = from.weightDecay;
  for (const name of ["name", "type", "blobs", "blobs_lr", "weight_decay"]) movePlace(from, name, to, name);

  let complete = true;
  for (const { field, label, line, targets } of moves) {
    if (!isFieldSet(from, field)) continue;
    const target = typeof targets === "string" ? targets : Object.hasOwn(targets, from.type) && targets[from.type];
    if (target) {
      moveField(from, field, to, target);
    } else {
      log("error", `upgrade_proto.cpp:${line}`, `Unknown parameter ${label} for layer type ${from.type}`);
      complete = false;
    }
  }
  return complete;
}

function typeFor(layer: V0LayerParameter): V1LayerParameter_LayerType {
  const type = types.get(layer.type);
  if (type !== undefined) return type;
  const place = placeOf(layer, "type");
  const reason = `there is no layer type "${layer.type}" among those of 2013 ("layer" in "layers")`;
  throw new MokaError("MOKA_LAYER", reason, { place });
}

/** Moves the value of a field to `target`, which is `message.field` or `message`. */
function moveField(from: V0LayerParameter, field: DescField, to: V1LayerParameter, target: string): void {
  const value = valuesOf(from)[field.localName];
  const [outer = "", inner] = target.split(".");
  const param = fieldOf(V1LayerParameterSchema, outer);
  if (inner === undefined || !param.message) {
    valuesOf(to)[param.localName] = value;
    return;
  }
  const message = (isFieldSet(to, param) ? valuesOf(to)[param.localName] : create(param.message)) as Message;
  const { localName, fieldKind, scalar } = fieldOf(param.message, inner);
  // new_height and new_width were signed and are unsigned now: a negative value wraps around as in C++.
  const converted = scalar === ScalarType.UINT32 ? Number(value) >>> 0 : value;
  valuesOf(message)[localName] = fieldKind === "list" ? [converted] : converted;
  valuesOf(to)[param.localName] = message;
  movePlace(from, field.name, message, inner);
}

function valuesOf(message: object): Record<string, unknown> {
  return message as Record<string, unknown>;
}

function failure(connection: V1LayerParameter, code: MokaError["code"], reason: string): MokaError {
  const { name = "", type = "" } = connection.layer ?? {};
  return new MokaError(code, reason, { place: sourceOf(connection)?.place, layer: { name, type } });
}
