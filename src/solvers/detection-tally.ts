import type { Communicator } from "../core/communicator.js";
import type { Net } from "../core/net.js";
import type { SolverParameter } from "../proto/gen/caffe_pb.js";
import { check, MokaError } from "../util/errors.js";
import type { Log } from "../util/log.js";
import { formatNumber } from "../util/number-format.js";
import { formatShape } from "../util/shape.js";
import { type ApVersion, averagePrecision } from "./average-precision.js";
import type { TestTally } from "./outputs.js";

const width = 5;

/** How a tally makes results of rows, as in a solver. */
type Evaluation = Pick<SolverParameter, "apVersion" | "showPerClassResult">;

/** What was found of one class in a test. */
interface ClassRows {
  positives: number | undefined;
  readonly scores: number[];
  readonly isRight: boolean[];
}

/** The outputs of a net that have DetectionEvaluate's rows: only a tally with `eval_type: "detection"` makes results of them. */
export function detectionOutputs(net: Net): readonly string[] {
  const rows = net.layers.filter(({ evaluation }) => evaluation === "detection");
  const tops = new Set(rows.flatMap((layer) => layer.tops));
  return net.outputs.filter((name) => tops.has(name));
}

/**
 * Collects the rows of DetectionEvaluate over a test, as SSD's solver with `eval_type: "detection"`. The result of an output is the mean
 * of its classes' average precisions; a class without detections counts as 0.
 */
export class DetectionTally implements TestTally {
  readonly #net: Net;
  readonly #param: Evaluation;
  readonly #outputs: readonly string[];
  /** For each batch that this process has run, the rows of each output. */
  readonly #rows = new Map<number, Float32Array[]>();
  /** The rows of all processes in the order of the batches, for each output. */
  #all: readonly (readonly Float32Array[])[] = [];
  /** The average precision of each class, by class, of each output; undefined for a class without detections. */
  #precisions: readonly ReadonlyMap<number, number | undefined>[] = [];

  /** @param outputs the names of the outputs that it collects. Default: all */
  constructor(net: Net, param: Evaluation, outputs: readonly string[] = net.outputs) {
    this.#net = net;
    this.#param = param;
    this.#outputs = outputs;
  }

  add(batch: number): void {
    const rows = this.#outputs.map((name) => {
      const blob = this.#net.blobs.get(name);
      const shape = blob?.shape ?? [];
      check(
        blob && shape.at(-1) === width,
        "MOKA_SHAPE",
        `eval_type "detection" needs outputs with rows of ${width} values, as those of DetectionEvaluate; "${name}" is ${formatShape(shape)}`,
      );
      return blob.data.slice();
    });
    this.#rows.set(batch, rows);
  }

  async addRanks(communicator: Communicator, loss: number, batches: number): Promise<number> {
    const outputs = this.#outputs.length;
    const own = (i: number) => this.#rows.get(Math.floor(i / outputs))?.[i % outputs] ?? new Float32Array(0);
    const lengths = Float64Array.from({ length: batches * outputs + 1 }, (_, i) => own(i).length);
    lengths[batches * outputs] = loss;
    await communicator.allReduce(lengths);
    const total = lengths[batches * outputs] as number;
    const ends = lengths.subarray(0, batches * outputs);
    for (let i = 1; i < ends.length; i++) ends[i] = (ends[i] as number) + (ends[i - 1] as number);
    const rows = new Float32Array(ends.at(-1) ?? 0);
    for (let i = 0; i < ends.length; i++) rows.set(own(i), (ends[i] as number) - own(i).length);
    // Each place has one rank's value, and 0 of the others: the sum is exact.
    await communicator.allReduce(rows);
    this.#all = this.#outputs.map((_, output) =>
      Array.from({ length: batches }, (__, batch) => {
        const i = batch * outputs + output;
        return rows.subarray(i === 0 ? 0 : ends[i - 1], ends[i]);
      }),
    );
    return total;
  }

  result(): Record<string, Float32Array> {
    this.#precisions = this.#all.map((rows) => this.#precisionsOf(rows));
    return Object.fromEntries(
      this.#outputs.map((name, i) => {
        const precisions = [...(this.#precisions[i]?.values() ?? [])];
        const sum = precisions.reduce<number>((all, each) => Math.fround(all + (each ?? 0)), 0);
        return [name, Float32Array.of(precisions.length === 0 ? 0 : sum / precisions.length)];
      }),
    );
  }

  report(outputs: Readonly<Record<string, Float32Array>>, log: Log): void {
    for (const [i, name] of this.#outputs.entries()) {
      this.#reportClasses(i, log);
      const mean = formatNumber(outputs[name]?.[0] ?? 0);
      log("info", "solver.cpp:546", `    Test net output #${i}: ${name} = ${mean}`);
    }
  }

  /** Logs what there is to say of single classes. */
  reportClasses(log: Log): void {
    for (const i of this.#outputs.keys()) this.#reportClasses(i, log);
  }

  #reportClasses(output: number, log: Log): void {
    for (const [label, precision] of this.#precisions[output] ?? []) {
      if (precision === undefined) log("warning", "solver.cpp:524", `Missing true_pos for label: ${label}`);
      else if (this.#param.showPerClassResult)
        log("info", "solver.cpp:540", `class${label}: ${formatNumber(precision)}`);
    }
  }

  #precisionsOf(batches: readonly Float32Array[]): Map<number, number | undefined> {
    const classes = new Map<number, ClassRows>();
    for (const rows of batches) {
      for (let at = 0; at + width <= rows.length; at += width) {
        this.#addRow(classes, rows.subarray(at, at + width));
      }
    }
    const version = this.#param.apVersion as ApVersion;
    const counted = [...classes].filter(([, { positives }]) => positives !== undefined).sort(([a], [b]) => a - b);
    return new Map(
      counted.map(([label, { positives = 0, scores, isRight }]) => [
        label,
        scores.length === 0 ? undefined : averagePrecision(scores, isRight, positives, version),
      ]),
    );
  }

  #addRow(classes: Map<number, ClassRows>, row: Float32Array): void {
    const [image = 0, label = 0, value = 0, right = 0, wrong = 0] = row;
    const known = classes.get(label) ?? { positives: undefined, scores: [], isRight: [] };
    classes.set(label, known);
    if (image === -1) {
      known.positives = (known.positives ?? 0) + value;
      return;
    }
    // Neither right nor wrong: the detection of a difficult box that is not evaluated.
    if (right === 0 && wrong === 0) return;
    if (right + wrong !== 1 || (right !== 0 && right !== 1)) {
      const reason = `a detection is either right (1, 0) or wrong (0, 1), not (${right}, ${wrong}): its output is not one of DetectionEvaluate`;
      throw new MokaError("MOKA_DATA", reason);
    }
    known.scores.push(value);
    known.isRight.push(right === 1);
  }
}
