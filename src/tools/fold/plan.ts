import type { Graph, Value } from "../../core/graph.js";
import type { LayerParameter, Phase } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { type Affine, compose } from "./affine.js";
import { type AffineLayer, affineTypes, readAffine } from "./affine-layer.js";
import { type Linear, linearTypes, readLinear } from "./linear.js";
import type { TrainedParams } from "./trained-params.js";

/** A layer, and those that it takes over. */
export interface Fold {
  readonly target: LayerParameter;
  readonly linear: Linear;
  /** The layers on its bottom and on its top, in their order, and what they do together. */
  readonly before: readonly LayerParameter[];
  readonly after: readonly LayerParameter[];
  readonly beforeMap: Affine | undefined;
  readonly afterMap: Affine | undefined;
  /** Whether a layer among them shifts. */
  readonly shifts: boolean;
}

export interface Plan {
  readonly folds: readonly Fold[];
  /** The layers that could be folded by their type and are not, and why. */
  readonly kept: ReadonlyMap<LayerParameter, string>;
}

/** A fold in the making. */
interface Draft {
  readonly before: LayerParameter[];
  readonly after: LayerParameter[];
  beforeMap: Affine | undefined;
  afterMap: Affine | undefined;
  shifts: boolean;
}

/** What a plan is made from. */
export interface PlanInput {
  readonly graph: Graph;
  readonly params: TrainedParams;
  readonly phase: Phase;
  /** The shapes of blobs by name, as far as they are known; axes that count from the end need them. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Layers that nothing may be folded into, and why. */
  readonly blocked: ReadonlyMap<LayerParameter, string>;
}

/**
 * Decides what goes where. First into the layer before, from file's start to end, as far as each blob has one reader;
 * what is left goes into the layers behind, from end to start, if every reader can take it over.
 */
export function planFolds(input: PlanInput): Plan {
  return new Planner(input).plan();
}

class Planner {
  readonly #input: PlanInput;
  readonly #linears = new Map<LayerParameter, Linear | string>();
  readonly #drafts = new Map<LayerParameter, Draft>();
  /** The layers that are taken over, with those that do. */
  readonly #takers = new Map<LayerParameter, readonly LayerParameter[]>();
  /** Why a layer cannot go into the one before. */
  readonly #notBefore = new Map<LayerParameter, string>();
  readonly #kept = new Map<LayerParameter, string>();

  constructor(input: PlanInput) {
    this.#input = input;
  }

  plan(): Plan {
    const { graph, params, blocked } = this.#input;
    const linear = graph.layers.filter(({ type }) => linearTypes.includes(type));
    for (const layer of linear) {
      this.#linears.set(layer, blocked.get(layer) ?? readLinear(layer, params.of(layer), this.#rankBefore(layer)));
    }
    for (const layer of linear) this.#takeBehind(layer);
    for (const layer of graph.layers.toReversed()) {
      if (affineTypes.includes(layer.type) && !this.#takers.has(layer)) this.#giveToReaders(layer);
    }
    const folds = [...this.#drafts].map(([target, draft]) => {
      return { target, linear: this.#linears.get(target) as Linear, ...draft };
    });
    return { folds, kept: this.#kept };
  }

  /** Takes the layers behind over, as long as each is the only reader of what is before it. */
  #takeBehind(target: LayerParameter): void {
    const { graph } = this.#input;
    const linear = this.#linears.get(target);
    if (linear === undefined || typeof linear === "string") return;
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
      const affine = this.#affine(next, linear.topRank);
      if (typeof affine === "string") return;
      const misfit = fits(affine, linear, linear.outputs === affine.map.scale.length, "outputs", linear.outputs);
      if (misfit) {
        this.#notBefore.set(next, `${named(target)} before it ${misfit}`);
        return;
      }
      const draft = this.#draftOf(target);
      draft.after.push(next);
      draft.afterMap = draft.afterMap ? compose(draft.afterMap, affine.map) : affine.map;
      draft.shifts ||= affine.shifts;
      this.#takers.set(next, [target]);
      value = graph.tops(next)[0];
    }
  }

  /** Has the layers that read its top take this one over, or none of them. */
  #giveToReaders(layer: LayerParameter): void {
    const affine = this.#affine(layer, this.#rankBefore(layer));
    if (typeof affine === "string") {
      this.#kept.set(layer, affine);
      return;
    }
    const readers = this.#input.graph.readers(layer).map((reader) => reader.layer);
    const targets = [...new Set(readers.flatMap((reader) => this.#takers.get(reader) ?? [reader]))];
    const problem =
      targets.length === 0
        ? "its top is an output of the net"
        : targets.map((target) => this.#problemBehind(target, affine)).find((reason) => reason !== undefined);
    if (problem !== undefined) {
      this.#kept.set(layer, `${this.#whyNotBefore(layer)}; ${problem}`);
      return;
    }
    for (const target of targets) {
      const draft = this.#draftOf(target);
      draft.before.unshift(layer);
      draft.beforeMap = draft.beforeMap ? compose(affine.map, draft.beforeMap) : affine.map;
      draft.shifts ||= affine.shifts;
    }
    this.#takers.set(layer, targets);
  }

  #problemBehind(target: LayerParameter, affine: AffineLayer): string | undefined {
    const linear = this.#linears.get(target);
    if (linear === undefined) {
      return `${named(target)} behind it ${this.#kept.has(target) ? "stays" : "cannot take it over"}`;
    }
    if (typeof linear === "string") return `${named(target)} behind it ${linear}`;
    const { length } = affine.map.scale;
    const divides = linear.flattens ? linear.inputs % length === 0 : linear.inputs === length;
    const misfit = fits(affine, linear, divides, "inputs", linear.inputs);
    if (misfit) return `${named(target)} behind it ${misfit}`;
    const own = this.#drafts.get(target)?.beforeMap;
    const shift = (own ? compose(affine.map, own) : affine.map).shift;
    const channel = shift.findIndex((value) => value !== 0);
    if (!linear.border || channel < 0) return undefined;
    return `${named(target)} behind it ${linear.border} (channel ${channel} is shifted by ${shift[channel]?.toPrecision(3)})`;
  }

  #whyNotBefore(layer: LayerParameter): string {
    const own = this.#notBefore.get(layer);
    const maker = this.#input.graph.maker(layer);
    if (own !== undefined || !maker) return own ?? "there is no layer before it";
    const linear = this.#linears.get(maker);
    if (typeof linear === "string") return `${named(maker)} before it ${linear}`;
    return affineTypes.includes(maker.type)
      ? `${named(maker)} before it stays`
      : `${named(maker)} before it is no ${linearTypes.slice(0, -1).join(", ")} or ${linearTypes.at(-1)}`;
  }

  #draftOf(target: LayerParameter): Draft {
    const draft = this.#drafts.get(target) ?? {
      before: [],
      after: [],
      beforeMap: undefined,
      afterMap: undefined,
      shifts: false,
    };
    this.#drafts.set(target, draft);
    return draft;
  }

  #affine(layer: LayerParameter, rank: number | undefined): AffineLayer | string {
    return readAffine(layer, this.#input.params.of(layer), this.#input.phase, rank);
  }

  /** The number of axes of a layer's first bottom, where that is known. */
  #rankBefore({ bottom: [name] }: LayerParameter): number | undefined {
    return name === undefined ? undefined : this.#input.shapes.get(name)?.length;
  }
}

/** Why a map by channel does not lie along a layer's inputs or outputs, if it does not. */
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
