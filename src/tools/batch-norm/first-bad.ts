import type { Node } from "../../core/backward-plan.js";
import type { FloatArray } from "../../core/span.js";
import { formatNumber } from "../../util/number-format.js";

/** The loss of a prediction that is quite wrong: −log of the smallest normal float. */
const worstLoss = 87.3365;

/** The first layer, in the order of the net, whose output was bad. */
export interface FirstBad {
  readonly layer: string;
  readonly type: string;
  /** From 0. */
  readonly batch: number;
  /** `not finite`: NaN or infinity. `underflow`: a softmax gave the right classes a probability of 0, which costs 87.3365. */
  readonly kind: "not finite" | "underflow";
  readonly text: string;
}

/** Looks at what layers put out until one of them is bad. */
export class BadWatch {
  first: FirstBad | undefined;

  /** @param node one that has just run; in place its bottom is gone, so parameters and what other bottoms there are tell why */
  look(node: Readonly<Node> | undefined, batch: number): void {
    if (this.first || !node) return;
    const { layer, bottom, top } = node;
    const found = { layer: layer.name, type: layer.type, batch };
    const bad = top.find(({ data }) => firstNotFinite(data.array) >= 0);
    if (bad) {
      const at = firstNotFinite(bad.data.array);
      const sick = layer.params.findIndex(({ data }) => firstNotFinite(data.array) >= 0);
      const fed = bottom.find((each) => !top.includes(each) && firstNotFinite(each.data.array) >= 0);
      const why =
        sick >= 0
          ? `; its parameter ${sick} is not finite itself`
          : fed
            ? `; the data in "${fed.name}" are not finite themselves`
            : "";
      const value = formatNumber(bad.data.array[at] as number);
      this.first = { ...found, kind: "not finite", text: `top "${bad.name}" has ${value} at ${at}${why}` };
      return;
    }
    const loss = layer.type === "SoftmaxWithLoss" && top[0] ? (top[0].data.array[0] as number) : 0;
    const [scores] = bottom;
    if (loss < worstLoss - 1e-3 || !scores) return;
    let largest = 0;
    for (const value of scores.data.array) largest = Math.max(largest, Math.abs(value));
    this.first = {
      ...found,
      kind: "underflow",
      text:
        `a loss of ${formatNumber(loss)} is −log of the smallest float: the softmax has underflowed; its scores ` +
        `"${scores.name}" go up to ±${formatNumber(largest, 3)}`,
    };
  }
}

/** The index of the first NaN or infinity; −1 if there is none. */
function firstNotFinite(values: FloatArray): number {
  // Nothing but these stays when multiplied by 0, so that one sum tells of all.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += 0 * (values[i] as number);
  return sum === 0 ? -1 : values.findIndex((value: number) => !Number.isFinite(value));
}
