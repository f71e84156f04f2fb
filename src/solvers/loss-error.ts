import type { Net } from "../core/net.js";
import { MokaError } from "../util/errors.js";
import { formatNumber } from "../util/number-format.js";

/** The error for a loss that is not finite. It names the first readable blob with a value that is not finite. */
export function lossError(net: Net, iter: number, lr: number): MokaError {
  const problem = `the loss became ${net.loss} in iteration ${iter} (lr ${formatNumber(lr)})`;
  for (const layer of net.layers) {
    for (const name of layer.tops) {
      const blob = net.blobs.get(name);
      const badValue = blob?.hasData ? blob.data.find((value) => !Number.isFinite(value)) : undefined;
      if (badValue === undefined) continue;
      return layer.error(
        "MOKA_NAN",
        `${problem}; "${name}" is the first blob with a value of ${badValue}. The weights are those after ` +
          `${iter} updates; a lower base_lr, or clip_gradients, may help`,
      );
    }
  }
  return new MokaError("MOKA_NAN", problem);
}
