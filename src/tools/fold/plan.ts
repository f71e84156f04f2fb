import type { Phase } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { type Affine, compose } from "./affine.js";
import { type AffineLayer, affineTypes, readAffine } from "./affine-layer.js";
import type { Node, Value } from "./graph.js";
import { type Linear, linearTypes, readLinear } from "./linear.js";
import type { TrainedParams } from "./trained-params.js";

/** A layer, and those that it takes over. */
export interface Fold {
  readonly target: Node;
  readonly linear: Linear;
  /** The layers on its bottom and on its top, in their order, and what they do together. */
  readonly before: readonly Node[];
  readonly after: readonly Node[];
  readonly beforeMap: Affine | undefined;
  readonly afterMap: Affine | undefined;
  /** Whether a layer among them shifts. */
  readonly shifts: boolean;
}

export interface Plan {
  readonly folds: readonly Fold[];
  /** The layers that could be folded by their type and are not, and why. */
  readonly kept: ReadonlyMap<Node, string>;
}

/** A fold in the making. */
interface Draft {
  readonly before: Node[];
  readonly after: Node[];
  beforeMap: Affine | undefined;
  afterMap: Affine | undefined;
  shifts: boolean;
}

/** What a plan is made from. */
export interface PlanInput {
  readonly nodes: readonly Node[];
  readonly params: TrainedParams;
  readonly phase: Phase;
  /** The shapes of blobs by name, as far as they are known; axes that count from the end need them. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Layers that nothing may be folded into, and why. */
  readonly blocked: ReadonlyMap<Node, string>;
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
  readonly #linears = new Map<Node, Linear | string>();
  readonly #drafts = new Map<Node, Draft>();
  /** The layers that are taken over, with those that do. */
  readonly #takers = new Map<Node, readonly Node[]>();
  /** Why a layer cannot go into the one before. */
  readonly #notBefore = new Map<Node, string>();
  readonly #kept = new Map<Node, string>();

  constructor(input: PlanInput) {
    this.#input = input;
  }

  plan(): Plan {
    const { nodes, params, blocked } = this.#input;
    const linear = nodes.filter(({ layer }) => linearTypes.includes(layer.type));
    for (const node of linear) {
      const read = blocked.get(node) ?? readLinear(node.layer, params.of(node.layer), this.#rankOf(node.bottom[0]));
      this.#linears.set(node, read);
    }
    for (const node of linear) this.#takeBehind(node);
    for (const node of nodes.toReversed()) {
      if (affineTypes.includes(node.layer.type) && !this.#takers.has(node)) this.#giveToReaders(node);
    }
    const folds = [...this.#drafts].map(([target, draft]) => {
      return { target, linear: this.#linears.get(target) as Linear, ...draft };
    });
    return { folds, kept: this.#kept };
  }

  /** Takes the layers behind over, as long as each is the only reader of what is before it. */
  #takeBehind(target: Node): void {
    const linear = this.#linears.get(target);
    if (linear === undefined || typeof linear === "string") return;
    let value = target.top[0];
    while (value) {
      const { readers } = value;
      const candidates = readers.filter(({ layer }) => affineTypes.includes(layer.type));
      const [next] = candidates;
      if (!next) return;
      if (readers.length > 1) {
        for (const node of candidates) {
          const others = readers.filter((reader) => reader !== node).map(named);
          this.#notBefore.set(node, `what it reads of ${named(target)} is also read by ${others.join(", ")}`);
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
      value = next.top[0];
    }
  }

  /** Has the layers that read its top take this one over, or none of them. */
  #giveToReaders(node: Node): void {
    const affine = this.#affine(node, this.#rankOf(node.bottom[0]));
    if (typeof affine === "string") {
      this.#kept.set(node, affine);
      return;
    }
    const readers = node.top[0]?.readers ?? [];
    const targets = [...new Set(readers.flatMap((reader) => this.#takers.get(reader) ?? [reader]))];
    const problem =
      targets.length === 0
        ? "its top is an output of the net"
        : targets.map((target) => this.#problemBehind(target, affine)).find((reason) => reason !== undefined);
    if (problem !== undefined) {
      this.#kept.set(node, `${this.#whyNotBefore(node)}; ${problem}`);
      return;
    }
    for (const target of targets) {
      const draft = this.#draftOf(target);
      draft.before.unshift(node);
      draft.beforeMap = draft.beforeMap ? compose(affine.map, draft.beforeMap) : affine.map;
      draft.shifts ||= affine.shifts;
    }
    this.#takers.set(node, targets);
  }

  #problemBehind(target: Node, affine: AffineLayer): string | undefined {
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

  #whyNotBefore(node: Node): string {
    const own = this.#notBefore.get(node);
    const maker = node.bottom[0]?.maker;
    if (own !== undefined || !maker) return own ?? "there is no layer before it";
    const linear = this.#linears.get(maker);
    if (typeof linear === "string") return `${named(maker)} before it ${linear}`;
    return affineTypes.includes(maker.layer.type)
      ? `${named(maker)} before it stays`
      : `${named(maker)} before it is no ${linearTypes.slice(0, -1).join(", ")} or ${linearTypes.at(-1)}`;
  }

  #draftOf(target: Node): Draft {
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

  #affine({ layer }: Node, rank: number | undefined): AffineLayer | string {
    return readAffine(layer, this.#input.params.of(layer), this.#input.phase, rank);
  }

  #rankOf(value: Value | undefined): number | undefined {
    return value && this.#input.shapes.get(value.name)?.length;
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

function named({ layer }: Node): string {
  return `"${layer.name}" (${layer.type})`;
}
