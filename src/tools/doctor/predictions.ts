import type { Node } from "../../core/backward-plan.js";
import type { Net } from "../../core/net.js";
import { countOf } from "../../util/shape.js";

/** What a classifier says of data with labels: how often it takes each class for each label. */
export interface Predictions {
  readonly classes: number;
  /** The number of labels that were looked at. */
  readonly count: number;
  /** `table[label · classes + class]` counts them. */
  readonly table: Float64Array;
  /** The share of labels that it finds. */
  readonly accuracy: number;
  /** The accuracy of the best guess without looking: the share of the most frequent label. */
  readonly chance: number;
}

/** Counts what a net predicts, at the layer that compares scores with labels. */
export class PredictionCounter {
  /** The index of that layer in the net; undefined if there is none. */
  readonly index: number | undefined;
  #classes = 0;
  #table = new Float64Array();

  constructor(net: Net) {
    const accuracy = net.nodes.findIndex(({ layer }) => layer.type === "Accuracy");
    // A loss that can be no higher than some value is one of classes.
    const loss = net.nodes.findIndex(({ layer, bottom }) => {
      return layer.highestLoss(bottom.map(({ shape }) => shape)) !== undefined;
    });
    const index = accuracy >= 0 ? accuracy : loss;
    this.index = index >= 0 && readable(net.nodes[index]) ? index : undefined;
  }

  /** Reads the bottoms of the layer, before it runs. */
  add(node: Readonly<Node>): void {
    const [scores, labels] = node.bottom;
    const shape = readable(node);
    if (!scores || !labels || !shape) return;
    const { classes, inner } = shape;
    if (this.#classes !== classes) {
      this.#classes = classes;
      this.#table = new Float64Array(classes * classes);
    }
    const [values, truth] = [scores.data.array, labels.data.array];
    for (let at = 0; at < truth.length; at++) {
      const label = truth[at] as number;
      if (!(Number.isInteger(label) && label >= 0 && label < classes)) continue;
      const start = Math.floor(at / inner) * classes * inner + (at % inner);
      let best = 0;
      for (let c = 1; c < classes; c++) {
        if ((values[start + c * inner] as number) > (values[start + best * inner] as number)) best = c;
      }
      const cell = label * classes + best;
      this.#table[cell] = (this.#table[cell] ?? 0) + 1;
    }
  }

  result(): Predictions | undefined {
    const [classes, table] = [this.#classes, this.#table];
    const count = table.reduce((a, b) => a + b, 0);
    if (count === 0) return undefined;
    const perLabel = Array.from({ length: classes }, (_, label) =>
      table.subarray(label * classes, (label + 1) * classes).reduce((a, b) => a + b, 0),
    );
    const right = perLabel.reduce((sum, _, label) => sum + (table[label * classes + label] ?? 0), 0);
    return { classes, count, table, accuracy: right / count, chance: Math.max(...perLabel) / count };
  }
}

/** The classes are on axis 1, and there is one label for each position. */
function readable(node: Readonly<Node> | undefined): { readonly classes: number; readonly inner: number } | undefined {
  const [scores, labels] = node?.bottom ?? [];
  if (!scores || !labels || scores.shape.length < 2) return undefined;
  const [outer = 0, classes = 0] = scores.shape;
  const inner = countOf(scores.shape, 2);
  return classes > 1 && classes <= 2048 && countOf(labels.shape) === outer * inner ? { classes, inner } : undefined;
}

/** An exchange of labels that would make predictions right: what the net says where a label is given. */
interface Exchange {
  /** The class by label. */
  readonly says: readonly number[];
  /** The accuracy with the labels exchanged so. */
  readonly accuracy: number;
}

/** The class that the net says most often for each label; undefined if two labels have the same. */
export function exchangeOf({ classes, table, count }: Predictions): Exchange | undefined {
  let right = 0;
  const seen: number[] = [];
  const says = Array.from({ length: classes }, (_, label) => {
    const row = table.subarray(label * classes, (label + 1) * classes);
    const best = row.reduce((top, value, c) => (value > (row[top] ?? 0) ? c : top), 0);
    if ((row[best] ?? 0) > 0) seen.push(best);
    right += row[best] ?? 0;
    return best;
  });
  return new Set(seen).size === seen.length ? { says, accuracy: right / count } : undefined;
}
