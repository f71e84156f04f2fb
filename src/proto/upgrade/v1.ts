import { create, isFieldSet } from "@bufbuild/protobuf";
import { MokaError } from "../../util/errors.js";
import {
  type LayerParameter,
  LayerParameterSchema,
  type NetParameter,
  type ParamSpec,
  ParamSpecSchema,
  V1LayerParameter_LayerType as Type,
  type V1LayerParameter,
  V1LayerParameterSchema,
} from "../gen/caffe_pb.js";
import { copySideData, sourceOf } from "../source.js";
import { fieldOf } from "../text/layout.js";
import { moveCommentsToEnd, movePlace } from "./side-data.js";

/** Names of the layer types, by the old enum. */
const types: Readonly<Record<Type, string>> = {
  [Type.NONE]: "",
  [Type.ABSVAL]: "AbsVal",
  [Type.ACCURACY]: "Accuracy",
  [Type.ARGMAX]: "ArgMax",
  [Type.BNLL]: "BNLL",
  [Type.CONCAT]: "Concat",
  [Type.CONTRASTIVE_LOSS]: "ContrastiveLoss",
  [Type.CONVOLUTION]: "Convolution",
  [Type.DATA]: "Data",
  [Type.DECONVOLUTION]: "Deconvolution",
  [Type.DROPOUT]: "Dropout",
  [Type.DUMMY_DATA]: "DummyData",
  [Type.ELTWISE]: "Eltwise",
  [Type.EUCLIDEAN_LOSS]: "EuclideanLoss",
  [Type.EXP]: "Exp",
  [Type.FLATTEN]: "Flatten",
  [Type.HDF5_DATA]: "HDF5Data",
  [Type.HDF5_OUTPUT]: "HDF5Output",
  [Type.HINGE_LOSS]: "HingeLoss",
  [Type.IM2COL]: "Im2col",
  [Type.IMAGE_DATA]: "ImageData",
  [Type.INFOGAIN_LOSS]: "InfogainLoss",
  [Type.INNER_PRODUCT]: "InnerProduct",
  [Type.LRN]: "LRN",
  [Type.MEMORY_DATA]: "MemoryData",
  [Type.MULTINOMIAL_LOGISTIC_LOSS]: "MultinomialLogisticLoss",
  [Type.MVN]: "MVN",
  [Type.POOLING]: "Pooling",
  [Type.POWER]: "Power",
  [Type.RELU]: "ReLU",
  [Type.SIGMOID]: "Sigmoid",
  [Type.SIGMOID_CROSS_ENTROPY_LOSS]: "SigmoidCrossEntropyLoss",
  [Type.SILENCE]: "Silence",
  [Type.SLICE]: "Slice",
  [Type.SOFTMAX]: "Softmax",
  [Type.SOFTMAX_LOSS]: "SoftmaxWithLoss",
  [Type.SPLIT]: "Split",
  [Type.TANH]: "TanH",
  [Type.THRESHOLD]: "Threshold",
  [Type.WINDOW_DATA]: "WindowData",
  // Of forks.
  [Type.BATCH_NORM]: "BatchNorm",
  [Type.BN]: "BN",
  [Type.ELTWISE_AFFINE]: "EltwiseAffine",
  [Type.INSANITY]: "Insanity",
  [Type.LOCAL]: "Local",
  [Type.NORMALIZE]: "Normalize",
  [Type.RELU6]: "ReLU6",
  [Type.ROIPOOLING]: "ROIPooling",
  [Type.TRIPLET_LOSS]: "TripletLoss",
};

/** Today's name of a layer type, by its name or number in the old enum; undefined for any other text. */
export function typeFromV1(written: string): string | undefined {
  const key = /^\d+$/.test(written) ? Number(written) : Type[written as keyof typeof Type];
  return types[key as Type] || undefined;
}

/** The lists of a V1 layer that are now fields of its `param`, and these fields. */
export const specFields = {
  param: "name",
  blob_share_mode: "share_mode",
  blobs_lr: "lr_mult",
  weight_decay: "decay_mult",
};

/** Fields of a V1 layer that have another form, or none, in a current layer. */
const changed: ReadonlySet<string> = new Set(["layer", "type", ...Object.keys(specFields)]);

/** The other fields, which have the same name and type in both: their descriptors in V1 and in a current layer. */
const unchanged = V1LayerParameterSchema.fields
  .filter(({ name }) => !changed.has(name))
  .map((from) => ({ from, to: fieldOf(LayerParameterSchema, from.name) }));

/**
 * Replaces the V1 layers of `net` (2014, `layers { type: CONVOLUTION }`) by current layers, as Caffe does. Parameters
 * and blobs are not copied.
 *
 * @throws MokaError `MOKA_FIELD` for a net that has layers of both forms
 */
export function upgradeV1Net(net: NetParameter): void {
  if (net.layer.length > 0) {
    const place = sourceOf(net.layers[0] ?? net)?.place;
    const reason =
      'the net has layers of today\'s form, layer { type: "Convolution" }, and of the old one, ' +
      "layers { type: CONVOLUTION }; write them all as layer";
    throw new MokaError("MOKA_FIELD", reason, { place });
  }
  net.layer = net.layers.map(upgradeLayer);
  net.layers = [];
}

function upgradeLayer(old: V1LayerParameter): LayerParameter {
  const layer = create(LayerParameterSchema);
  copySideData(old, layer);
  moveCommentsToEnd(layer, (field) => changed.has(field) && field !== "type");
  const [from, to] = [old, layer] as unknown as Record<string, unknown>[];
  for (const field of unchanged) {
    if (from && to && isFieldSet(old, field.from)) to[field.to.localName] = from[field.from.localName];
  }
  if (isFieldSet(old, V1LayerParameterSchema.field.type)) layer.type = types[old.type];
  layer.param = upgradeSpecs(old);
  return layer;
}

/** Joins the four lists of a V1 layer, which may have different lengths, into one list of specs. */
function upgradeSpecs(old: V1LayerParameter): ParamSpec[] {
  const { param: names, blobShareMode: modes, blobsLr: rates, weightDecay: decays } = old;
  const count = Math.max(names.length, modes.length, rates.length, decays.length);
  return Array.from({ length: count }, (_, index) => {
    const spec = create(ParamSpecSchema);
    const [name, mode, rate, decay] = [names[index], modes[index], rates[index], decays[index]];
    if (name !== undefined) spec.name = name;
    if (mode !== undefined) spec.shareMode = mode as number;
    if (rate !== undefined) spec.lrMult = rate;
    if (decay !== undefined) spec.decayMult = decay;
    for (const [list, field] of Object.entries(specFields)) movePlace(old, list, spec, field, index);
    return spec;
  });
}
