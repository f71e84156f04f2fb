import type { Graph, Value } from "../../core/graph.js";
import type { LayerParameter, Phase } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { type Affine, compose, identity } from "./affine.js";
import { type AffineLayer, affineTypes, readAffine } from "./affine-layer.js";
import { type Linear, linearTypes, readLinear } from "./linear.js";
import type { TrainedParams } from "./trained-params.js";

/** A layer, and the layers that are folded into it. */
export interface Fold {
  readonly target: LayerParameter;
  readonly linear: Linear;
  /** The layers before and after it, in their order, and the affine maps that these compute together. */
  readonly before: LayerParameter[];
  readonly after: LayerParameter[];
  beforeMap: Affine;
  afterMap: Affine;
  /** Whether one of them adds a shift, so that the target needs a bias. */
  shifts: boolean;
}

export interface Plan {
  readonly folds: readonly Fold[];
  /** The layers of a foldable type that are not folded, with the reasons. */
  readonly kept: ReadonlyMap<LayerParameter, string>;
}

/** The data that a plan is made from. */
export interface PlanInput {
  readonly graph: Graph;
  readonly params: TrainedParams;
  readonly phase: Phase;
  /** The known shapes of blobs, by name; negative axes need them. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Layers that nothing may be folded into, with the reasons. */
  readonly blocked: ReadonlyMap<LayerParameter, string>;
}

/**
 * Decides which layers are folded into which. First each is folded into the layer before it, from the first layer to the
 * last, if no other layer reads the blobs between. Then each remaining layer is folded into the layers after it, from the
 * last layer to the first, if all its readers are possible targets.
 */
export function planFolds(input: PlanInput): Plan {
  return new Planner(input).plan();
}

class Planner {
  readonly #input: PlanInput;
  /** Each possible target, with the layers folded into it so far. */
  readonly #folds = new Map<LayerParameter, Fold>();
  /** Layers of a target's type into which nothing can be folded, with the reasons. */
  readonly #unfit = new Map<LayerParameter, string>();
  /** The targets of each folded layer. */
  readonly #targets = new Map<LayerParameter, readonly LayerParameter[]>();
  /** For each layer, the reason why it cannot be folded into the one before it. */
  readonly #notBefore = new Map<LayerParameter, string>();
  readonly #kept = new Map<LayerParameter, string>();

  constructor(input: PlanInput) {
    this.#input = input;
  }

  plan(): Plan {
    const { graph, params, blocked } = this.#input;
    for (const target of graph.layers.filter(({ type }) => linearTypes.includes(type))) {
      const linear = blocked.get(target) ?? readLinear(target, params.of(target), this.#rankBefore(target));
      if (typeof linear === "string") this.#unfit.set(target, linear);
      else {
        const fold = { target, linear, before: [], after: [], beforeMap: identity, afterMap: identity, shifts: false };
        this.#folds.set(target, fold);
        this.#foldBehind(fold);
      }
    }
    for (const layer of graph.layers.toReversed()) {
      if (affineTypes.includes(layer.type) && !this.#targets.has(layer)) this.#foldIntoReaders(layer);
    }
    const folds = [...this.#folds.values()].filter(({ before, after }) => before.length + after.length > 0);
    return { folds, kept: this.#kept };
  }

  /** Folds the layers after the target into it, as long as each is the only reader of its bottom. */
  #foldBehind(fold: Fold): void {
    const { graph, params, phase } = this.#input;
    const { target, linear } = fold;
    let value: Value | undefined = graph.tops(target)[0];
    while (value) {
      const readers = value.readers.map(({ layer }) => layer);
      const candidates = readers.filter(({ type }) => affineTypes.includes(type));
      const [next] = candidates;
      if (!next) return;
      if (readers.length > 1) {
        for (const layer of candidates) {
          const others = readers.filter((reader) => reader !== layer).map(named);
          this.#notBefore.set(layer, `what it reads of ${named(target)} is also read by ${others.join(", ")}`);
        }
        return;
      }
      const affine = readAffine(next, params.of(next), phase, linear.topRank);
      if (typeof affine === "string") return;
      const misfit = fits(affine, linear, linear.outputs === affine.map.scale.length, "outputs", linear.outputs);
      if (misfit) {
        this.#notBefore.set(next, `${named(target)} before it ${misfit}`);
        return;
      }
      fold.after.push(next);
      fold.afterMap = compose(fold.afterMap, affine.map);
      fold.shifts ||= affine.shifts;
      this.#targets.set(next, [target]);
      value = graph.tops(next)[0];
    }
  }

  /** Folds a layer into all layers that read its top, or into none. */
  #foldIntoReaders(layer: LayerParameter): void {
    const { graph, params, phase } = this.#input;
    const affine = readAffine(layer, params.of(layer), phase, this.#rankBefore(layer));
    if (typeof affine === "string") {
      this.#kept.set(layer, affine);
      return;
    }
    const readers = graph.readers(layer).map((reader) => reader.layer);
    const targets = [...new Set(readers.flatMap((reader) => this.#targets.get(reader) ?? [reader]))];
    const problem =
      targets.length === 0
        ? "its top is an output of the net"
        : targets.map((target) => this.#problemBehind(target, affine)).find((reason) => reason !== undefined);
    if (problem !== undefined) {
      this.#kept.set(layer, `${this.#whyNotBefore(layer)}; ${problem}`);
      return;
    }
    for (const fold of targets.flatMap((target) => this.#folds.get(target) ?? [])) {
      fold.before.unshift(layer);
      fold.beforeMap = compose(affine.map, fold.beforeMap);
      fold.shifts ||= affine.shifts;
    }
    this.#targets.set(layer, targets);
  }

  #problemBehind(target: LayerParameter, affine: AffineLayer): string | undefined {
    const fold = this.#folds.get(target);
    if (!fold) {
      const reason = this.#unfit.get(target) ?? (this.#kept.has(target) ? "stays" : "cannot take it over");
      return `${named(target)} behind it ${reason}`;
    }
    const { linear } = fold;
    const { length } = affine.map.scale;
    const divides = linear.flattens ? linear.inputs % length === 0 : linear.inputs === length;
    const misfit = fits(affine, linear, divides, "inputs", linear.inputs);
    if (misfit) return `${named(target)} behind it ${misfit}`;
    const { shift } = compose(affine.map, fold.beforeMap);
    const channel = shift.findIndex((value) => value !== 0);
    if (!linear.border || channel < 0) return undefined;
    return `${named(target)} behind it ${linear.border} (channel ${channel} is shifted by ${shift[channel]?.toPrecision(3)})`;
  }

  #whyNotBefore(layer: LayerParameter): string {
    const own = this.#notBefore.get(layer);
    const maker = this.#input.graph.maker(layer);
    if (own !== undefined || !maker) return own ?? "there is no layer before it";
    const reason = this.#unfit.get(maker);
    if (reason !== undefined) return `${named(maker)} before it ${reason}`;
    return affineTypes.includes(maker.type)
      ? `${named(maker)} before it stays`
      : `${named(maker)} before it is no ${linearTypes.slice(0, -1).join(", ")} or ${linearTypes.at(-1)}`;
  }

  /** The number of axes of a layer's first bottom; undefined if it is unknown. */
  #rankBefore({ bottom: [name] }: LayerParameter): number | undefined {
    return name === undefined ? undefined : this.#input.shapes.get(name)?.length;
  }
}

/** The reason if an affine map does not match a layer's inputs or outputs. */
function fits(
  { axis, map }: AffineLayer,
  linear: Linear,
  counts: boolean,
  what: "inputs" | "outputs",
  count: number,
): string | undefined {
  if (axis === undefined) return undefined;
  if (axis !== linear.axis) return `has its ${what} along axis ${linear.axis}, not along axis ${axis}`;
  return counts ? undefined : `has ${count} ${what}, not ${map.scale.length}`;
}

function named({ name, type }: LayerParameter): string {
  return `"${name}" (${type})`;
}
