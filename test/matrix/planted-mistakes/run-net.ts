// Drawn nets that run, to see what a mistake does.
import { ReferenceEngine } from "../../../src/engines/reference/index.js";
import type { Net } from "../../../src/index.js";
import { weightsOf } from "../../lint-weights.js";
import { netFromText } from "../../nets.js";
import { inputFields } from "./draw-net.js";
import type { DrawnNet, LayerText } from "./net-text.js";
import { netText } from "./net-text.js";

export type Phase = "TRAIN" | "TEST";

/** The net with inputs in the place of data layers, which would read files. */
export function runnableText(net: DrawnNet): string {
  const isSource = ({ bottom, name }: LayerText) => bottom.length === 0 && name in { ...net.inputs };
  const inputs = Object.entries(net.inputs).map(([name, shape]): LayerText => {
    return { name, type: "Input", bottom: [], top: [name], params: [], include: [], fields: {}, ...inputFields(shape) };
  });
  return netText({ ...net, layers: [...inputs, ...net.layers.filter((layer) => !isSource(layer))] });
}

export function build(net: DrawnNet, phase: Phase = "TRAIN"): Promise<Net> {
  const stage = phase === "TEST" && netText(net).includes('stage: "val"') ? ["val"] : [];
  return netFromText(runnableText(net), { phase, stage, keep: "all", engine: new ReferenceEngine(64) });
}

/** Gives a net weights as if it were trained: its own from the fillers, and averages and γ that are plausible. */
export async function withWeights(net: DrawnNet): Promise<DrawnNet> {
  const built = await build(net, net.kind === "deploy" ? "TEST" : "TRAIN");
  const weights = Object.fromEntries(
    built.layers
      .filter(({ blobs }) => blobs.length > 0)
      .map(({ name, type, blobs }) => {
        const values = blobs.map(({ shape, data }) => ({ shape: [...shape], data: [...data] }));
        if (type === "BatchNorm") fillAverages(values);
        return [name, values];
      }),
  );
  await built.dispose();
  return { ...net, weights };
}

/** The averages of a long training: a mean of 0.3, a variance of 2, a factor of 1/(1 − 0.999). */
function fillAverages([mean, variance, factor]: readonly { data: number[] }[]): void {
  mean?.data.forEach((_, i, all) => {
    all[i] = 300 + i;
  });
  variance?.data.forEach((_, i, all) => {
    all[i] = 2000 + 10 * i;
  });
  factor?.data.splice(0, 1, 999.98);
}

export function loadWeights(net: Net, { weights }: DrawnNet): void {
  if (weights) net.copyTrainedLayers(weightsOf(weights));
}
