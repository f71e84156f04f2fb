import type { LayerParameter, NetParameter } from "../gen/caffe_pb.js";

/** Whether there are BatchNorm layers with a `param` for each of their three statistics, as old Caffe required. */
export function needsBatchNormUpgrade(net: NetParameter): boolean {
  return net.layer.some(hasThreeSpecs);
}

/** Sets the learning rate and decay multipliers of these statistics to 0, because they are not learned. */
export function upgradeBatchNorm(net: NetParameter): void {
  for (const layer of net.layer.filter(hasThreeSpecs)) {
    for (const spec of layer.param) {
      spec.lrMult = 0;
      spec.decayMult = 0;
    }
  }
}

function hasThreeSpecs(layer: LayerParameter): boolean {
  return layer.type === "BatchNorm" && layer.param.length === 3;
}
