import { create } from "@bufbuild/protobuf";
import { MokaError } from "../../util/errors.js";
import { BlobShapeSchema, InputParameterSchema, LayerParameterSchema, type NetParameter } from "../gen/caffe_pb.js";
import { placeOf, setComments, setSource, sourceOf } from "../source.js";
import { commentsOfFields } from "./side-data.js";

/**
 * Replaces `input` with `input_shape` or `input_dim` by an Input layer, the first of the net. An `input` without a
 * shape, as in old caffemodels, is dropped.
 *
 * @throws MokaError `MOKA_FIELD` for an input without a shape
 */
export function upgradeInput(net: NetParameter): void {
  const { input, inputShape, inputDim } = net;
  if (inputShape.length > 0 || inputDim.length > 0) {
    const shapes = input.map((name, i) => {
      if (inputShape.length > 0) return inputShape[i] ?? noShape(net, name, i);
      const dim = inputDim.slice(4 * i, 4 * i + 4);
      return dim.length === 4 ? create(BlobShapeSchema, { dim: dim.map(BigInt) }) : noShape(net, name, i);
    });
    const inputParam = create(InputParameterSchema, { shape: shapes });
    const layer = create(LayerParameterSchema, { name: "input", type: "Input", top: input, inputParam });
    const source = sourceOf(net);
    if (source) setSource(layer, { place: placeOf(net, "input") ?? source.place, file: source.file });
    const leading = commentsOfFields(net, ["input", "input_dim"]);
    setComments(layer, { leading, trailing: undefined, opening: undefined, dangling: [], values: new Map() });
    net.layer = [layer, ...net.layer];
  }
  net.input = [];
  net.inputShape = [];
  net.inputDim = [];
}

function noShape(net: NetParameter, name: string, index: number): never {
  const reason = `input "${name}" has no shape: give input_shape, or four input_dim, for each`;
  throw new MokaError("MOKA_FIELD", reason, { place: placeOf(net, "input", index) });
}
