import type { Node } from "../../core/backward-plan.js";
import { nearHighest } from "../../core/near-highest.js";
import type { FloatArray } from "../../core/span.js";
import { formatNumber } from "../../util/number-format.js";

/** The first layer, in the order of the net, with an output that is not finite, or a loss near its highest. */
export interface FirstBad {
  readonly layer: string;
  readonly type: string;
  /** The index of the batch, from 0. */
  readonly batch: number;
  /** `not finite`: NaN or infinity. `underflow`: a loss above half of its highest, as most labels have a probability of 0. */
  readonly kind: "not finite" | "underflow";
  readonly text: string;
}

/** Looks for the first bad output, layer by layer. */
export class FirstBadFinder {
  first: FirstBad | undefined;

  /**
   * @param node the layer that has just run. The cause is looked for in its parameters and in the bottoms that still exist
   */
  look(node: Readonly<Node> | undefined, batch: number): void {
    if (this.first || !node) return;
    const { layer, bottom, top } = node;
    const found = { layer: layer.name, type: layer.type, batch };
    const bad = top.find(({ data }) => firstNotFinite(data.array) >= 0);
    if (bad) {
      const at = firstNotFinite(bad.data.array);
      const badParam = layer.params.findIndex(({ data }) => firstNotFinite(data.array) >= 0);
      const badInput = bottom.find((each) => !top.includes(each) && firstNotFinite(each.data.array) >= 0);
      const why =
        badParam >= 0
          ? `; its parameter ${badParam} is not finite itself`
          : badInput
            ? `; the data in "${badInput.name}" are not finite themselves`
            : "";
      const value = formatNumber(bad.data.array[at] as number);
      this.first = { ...found, kind: "not finite", text: `top "${bad.name}" has ${value} at ${at}${why}` };
      return;
    }
    const loss = nearHighest(node);
    const [scores] = bottom;
    if (!loss || !scores) return;
    let largest = 0;
    for (const value of scores.data.array) largest = Math.max(largest, Math.abs(value));
    this.first = {
      ...found,
      kind: "underflow",
      text:
        `"${loss.name}" is ${formatNumber(loss.value)}, of at most ${formatNumber(loss.highest)}: most labels have a ` +
        `probability of 0; the values of "${scores.name}" go up to ±${formatNumber(largest, 3)}`,
    };
  }
}

/** The index of the first NaN or infinity; −1 if there is none. */
function firstNotFinite(values: FloatArray): number {
  // 0 times a finite value is 0, 0 times NaN or infinity is NaN: the sum is 0 only if all values are finite.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += 0 * (values[i] as number);
  return sum === 0 ? -1 : values.findIndex((value: number) => !Number.isFinite(value));
}
