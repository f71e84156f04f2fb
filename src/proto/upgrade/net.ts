import { create } from "@bufbuild/protobuf";
import { MokaError } from "../../util/errors.js";
import type { Log } from "../../util/log.js";
import {
  BlobShapeSchema,
  InputParameterSchema,
  type LayerParameter,
  LayerParameterSchema,
  type NetParameter,
} from "../gen/caffe_pb.js";
import { setSource, sourceOf } from "../source.js";

/**
 * Brings a net of an older form up to today's, as Caffe does to every net it reads; changes `net` itself.
 * `origin` names the file in log lines and errors.
 *
 * @throws MokaError `MOKA_UNSUPPORTED` for nets of before 2015, with `layers` instead of `layer`
 */
export function upgradeNet(net: NetParameter, origin: string, log: Log): NetParameter {
  const [old] = net.layers;
  if (old) {
    throw new MokaError(
      "MOKA_UNSUPPORTED",
      `${origin} is in the form of before 2015 ("layers"); upgrade it with Caffe's upgrade_net_proto tools first`,
      { place: sourceOf(old)?.place },
    );
  }
  if (net.input.length > 0) {
    step(log, `input file specified using deprecated input fields: ${origin}`, () => upgradeInput(net));
  }
  if (net.layer.some(hasThreeSpecs)) {
    step(log, `batch norm layers using deprecated params: ${origin}`, () => upgradeBatchNorm(net));
  }
  return net;
}

function step(log: Log, what: string, upgrade: () => void): void {
  log("info", "upgrade_proto.cpp:79", `Attempting to upgrade ${what}`);
  upgrade();
  log("info", "upgrade_proto.cpp:82", `Successfully upgraded ${what.replace(/: .*/, ".")}`);
}

/**
 * Turns `input` with `input_shape` or `input_dim` into an Input layer. An `input` alone stands in old
 * caffemodels, and is dropped.
 */
function upgradeInput(net: NetParameter): void {
  const { input, inputShape, inputDim } = net;
  if (inputShape.length > 0 || inputDim.length > 0) {
    const shapes = input.map((_, i) => {
      const dim = inputShape.length > 0 ? inputShape[i]?.dim : inputDim.slice(4 * i, 4 * i + 4).map(BigInt);
      if (!dim || (inputShape.length === 0 && dim.length < 4)) {
        throw new MokaError(
          "MOKA_FIELD",
          `input "${input[i]}" has no shape: give input_shape, or four input_dim, for each`,
          {
            place: sourceOf(net)?.place,
          },
        );
      }
      return create(BlobShapeSchema, { dim });
    });
    const inputParam = create(InputParameterSchema, { shape: shapes });
    const layer = create(LayerParameterSchema, { name: "input", type: "Input", top: input, inputParam });
    setSource(layer, sourceOf(net));
    net.layer = [layer, ...net.layer];
  }
  net.input = [];
  net.inputShape = [];
  net.inputDim = [];
}

function hasThreeSpecs(layer: LayerParameter): boolean {
  return layer.type === "BatchNorm" && layer.param.length === 3;
}

/** Old BatchNorm layers had to declare their three statistics, with any multipliers: those become 0. */
function upgradeBatchNorm(net: NetParameter): void {
  for (const layer of net.layer.filter(hasThreeSpecs)) {
    for (const spec of layer.param) {
      spec.lrMult = 0;
      spec.decayMult = 0;
    }
  }
}
