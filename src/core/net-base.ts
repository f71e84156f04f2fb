import { inspectKey } from "../util/inspect.js";
import type { NdArray } from "../util/nd-array.js";
import { ResourceOwner } from "../util/resource-owner.js";
import type { Blob } from "./blob.js";
import { type NetDescription, netDescription, netText } from "./describe-net.js";
import { type AllOptions, type AllRows, type Rows, runAll } from "./forward-all.js";
import type { Layer, Phase } from "./layer.js";

/** The part of a net that needs only its public members: names by layer, its text and JSON form, runs over many batches. */
export abstract class NetBase extends ResourceOwner {
  abstract readonly name: string;
  abstract readonly phase: Phase;
  abstract readonly inputs: readonly string[];
  abstract readonly outputs: readonly string[];
  abstract readonly layers: readonly Layer[];
  abstract readonly blobs: ReadonlyMap<string, Blob>;
  abstract readonly params: ReadonlyMap<string, Blob[]>;
  abstract readonly inTurn: { forward(): Promise<void>; backward(): Promise<void> };
  abstract turn<T>(work: () => Promise<T>): Promise<T>;

  /** The tops of each layer by its name, as pycaffe's `net.top_names`. */
  get topNames(): ReadonlyMap<string, readonly string[]> {
    return new Map(this.layers.map(({ name, tops }) => [name, tops]));
  }

  /** The bottoms of each layer by its name, as pycaffe's `net.bottom_names`. */
  get bottomNames(): ReadonlyMap<string, readonly string[]> {
    return new Map(this.layers.map(({ name, bottoms }) => [name, bottoms]));
  }

  /** The layers by name, as pycaffe's `net.layer_dict`. */
  get layerDict(): ReadonlyMap<string, Layer> {
    return new Map(this.layers.map((layer) => [layer.name, layer]));
  }

  /**
   * Runs all rows of the inputs, batch by batch, as pycaffe's `forward_all`. The batch size is that of the net's first blob; the
   * last batch is filled up with zeros. All of it is one turn.
   *
   * @param inputs any number of rows, the same for every input of the net, row-major
   * @param options `blobs`: names of blobs to collect beside the outputs
   * @returns the blobs by name, each with a row for each row of the inputs
   * @throws MokaError `MOKA_BLOB` if an input is missing, `MOKA_SHAPE` if values are no whole rows or a blob has no row per item
   * @example
   * ```ts
   * const net = await Net.load("examples/article/deploy.prototxt");
   * const { prob } = await net.forwardAll({ data: new Float32Array(5 * 784) });
   * prob.shape; // [5, 10]
   * ```
   */
  async forwardAll(inputs: Rows, options: Omit<AllOptions, "diffs"> = {}): Promise<Record<string, NdArray>> {
    return (await this.turn(() => runAll(this, inputs, options, false))).blobs;
  }

  /**
   * Runs forward and backward for all rows, batch by batch, as pycaffe's `forward_backward_all`. See `forwardAll`.
   *
   * @param rows rows of the inputs, and of the diffs of outputs by their names; without the latter backward starts with the loss.
   * Without inputs, the input blobs keep their values
   * @param options `blobs` and `diffs`: names of blobs to collect, beside the outputs' data and the inputs' diffs
   * @example
   * ```ts
   * const rows = { data: new Float32Array(5 * 192), prob: new Float32Array(5 * 10).fill(1) };
   * const { diffs } = await net.forwardBackwardAll(rows, { diffs: ["fc"] });
   * console.log(diffs.fc.shape); // [ 5, 10 ]
   * ```
   */
  forwardBackwardAll(rows: Rows, options: AllOptions = {}): Promise<AllRows> {
    return this.turn(() => runAll(this, rows, options, true));
  }

  /**
   * A table of the layers, with their blobs' shapes and their parameters; `console.log` shows it too.
   *
   * @example
   * ```ts
   * const table = String(net);
   * ```
   */
  override toString(): string {
    return netText(this);
  }

  /**
   * Its structure, without values, as `JSON.stringify` writes it.
   *
   * @example
   * ```ts
   * const { layers } = JSON.parse(JSON.stringify(net));
   * console.log(layers[1].name); // conv1
   * ```
   */
  toJSON(): NetDescription {
    return netDescription(this);
  }

  [inspectKey](): string {
    return netText(this);
  }
}
