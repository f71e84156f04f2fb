import type { LayerParameter, NetParameter } from "../gen/caffe_pb.js";

/** Whether there are BatchNorm layers that declare their three statistics, as all once had to. */
export function needsBatchNormUpgrade(net: NetParameter): boolean {
  return net.layer.some(hasThreeSpecs);
}

/** Those statistics are not learned, whatever multipliers they were given: they become 0. */
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
