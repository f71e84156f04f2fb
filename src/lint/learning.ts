import type { LintLayer } from "./layer.js";
import type { View } from "./view.js";

/**
 * How many parameters a layer of one of Caffe's types has by its message: what `param` may have specs for. Nothing for
 * other types.
 */
export function paramCount({ type, message }: LintLayer, types: readonly string[]): number | undefined {
  const alone = message.bottom.length === 1;
  switch (type) {
    case "Convolution":
    case "Deconvolution":
      return withBias(1, message.convolutionParam?.biasTerm ?? true);
    case "InnerProduct":
      return withBias(1, message.innerProductParam?.biasTerm ?? true);
    case "Embed":
      return withBias(1, message.embedParam?.biasTerm ?? true);
    case "Scale":
      return withBias(alone ? 1 : 0, message.scaleParam?.biasTerm ?? false);
    case "Bias":
      return alone ? 1 : 0;
    case "PReLU":
    case "Parameter":
      return 1;
    case "BatchNorm":
      return 3;
    case "LSTM":
      return 3 + staticInputs(message);
    case "RNN":
      return 5 + staticInputs(message);
    default:
      return types.includes(type) ? 0 : undefined;
  }
}

function withBias(count: number, biasTerm: boolean): number {
  return count + (biasTerm ? 1 : 0);
}

/** Whether a recurrent layer has an input that is the same for all steps, which has weights of its own: 0 or 1. */
function staticInputs({ type, bottom, recurrentParam }: LintLayer["message"]): number {
  const states = recurrentParam?.exposeHidden ? (type === "LSTM" ? 2 : 1) : 0;
  return bottom.length - states === 3 ? 1 : 0;
}

/** Whether a layer has parameters that the solver changes; those of a BatchNorm never are. */
export function learns(layer: LintLayer, types: readonly string[]): boolean {
  if (layer.type === "BatchNorm") return false;
  const count = paramCount(layer, types) ?? 0;
  return Array.from({ length: count }, (_, index) => layer.message.param[index]?.lrMult ?? 1).some(
    (rate) => rate !== 0,
  );
}

/**
 * The layers that Caffe marks as needing backward, seen from the data on: those that learn, and those behind them.
 * What leads to no loss is among them; layers of types that Caffe does not have are not.
 */
export function needingBackward(view: View, types: readonly string[]): ReadonlySet<LintLayer> {
  const needing = new Set<LintLayer>();
  for (const layer of view.layers) {
    if (!types.includes(layer.type)) continue;
    const reached = view.makers(layer).some((maker) => maker && needing.has(maker.layer));
    if (reached || learns(layer, types)) needing.add(layer);
  }
  return needing;
}
