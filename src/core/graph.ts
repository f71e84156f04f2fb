import { type LayerParameter, NetStateRuleSchema } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { formatText } from "../proto/text/index.js";
import { formatPlace, MokaError } from "../util/errors.js";

/** One end of a value: the index-th bottom or top of a layer. */
export interface End<L = LayerParameter> {
  readonly layer: L;
  readonly index: number;
}

/** A blob that one layer makes and others read. A later top of the same name, in place or not, is another value. */
export interface Value<L = LayerParameter> {
  readonly name: string;
  /** The top that makes it; `undefined` if no layer makes it. */
  readonly maker: End<L> | undefined;
  /** The bottoms that read it, in the order of the layers. A layer that works on it in place is one of its readers. */
  readonly readers: readonly End<L>[];
  /** The values of the same name just before and just after it. */
  readonly previous: Value<L> | undefined;
  readonly next: Value<L> | undefined;
  /** Whether its maker works in place, as Caffe sees it: `previous` is the maker's bottom of the same index. */
  readonly inPlace: boolean;
}

/**
 * A reason why layers do not make a net. `unknown bottom`: no layer above makes it. `made twice`: a top has the name of
 * `value`, but does not work in place. `shared in place`: a top works in place on `value`, which has other readers, or a loss weight, too.
 */
export interface ConnectionProblem<L = LayerParameter> extends End<L> {
  readonly kind: "unknown bottom" | "made twice" | "shared in place";
  readonly value: Value<L>;
}

interface Node<L> {
  readonly bottoms: readonly Value<L>[];
  readonly tops: readonly Value<L>[];
}

/**
 * The layers of one state of a net and the values between them. A bottom reads the last value of its name that a layer
 * above makes. Any list of layers has a graph; `problems` says why it is not a net. Built in linear time.
 */
export class Graph<L = LayerParameter> {
  /** The layers in the order in which they run. */
  readonly layers: readonly L[];
  /** The values in the order in which they are first read or made. */
  readonly values: readonly Value<L>[];
  /** The problems in the order of the layers; `shared in place` comes last. */
  readonly problems: readonly ConnectionProblem<L>[];
  /** Each layer that has the name of an earlier one, with the first layer of that name. */
  readonly namesakes: readonly { readonly layer: L; readonly first: L }[];
  readonly messageOf: (layer: L) => LayerParameter;
  /** The layers of the file, also those that this state leaves out. */
  readonly #all: readonly L[];
  readonly #nodes = new Map<L, Node<L>>();

  constructor(layers: readonly L[], messageOf: (layer: L) => LayerParameter, all: readonly L[] = layers) {
    this.layers = layers;
    this.#all = all;
    this.messageOf = messageOf;
    const values: Value<L>[] = [];
    const problems: ConnectionProblem<L>[] = [];
    const latest = new Map<string, Writable<L>>();
    const named = new Map<string, L>();
    const add = (name: string, maker: End<L> | undefined, replaced: Value<L> | undefined): Writable<L> => {
      const previous = latest.get(name);
      const inPlace = previous !== undefined && previous === replaced;
      const value: Writable<L> = { name, maker, readers: [], previous, next: undefined, inPlace };
      if (previous) previous.next = value;
      latest.set(name, value);
      values.push(value);
      return value;
    };
    for (const layer of layers) {
      const { bottom, top } = messageOf(layer);
      const bottoms = bottom.map((name, index) => {
        const value = latest.get(name) ?? add(name, undefined, undefined);
        value.readers.push({ layer, index });
        if (!value.maker) problems.push({ kind: "unknown bottom", layer, index, value });
        return value;
      });
      const tops = top.map((name, index) => {
        const value = add(name, { layer, index }, bottoms[index]);
        const { previous } = value;
        if (previous?.maker && !value.inPlace) problems.push({ kind: "made twice", layer, index, value: previous });
        return value;
      });
      this.#nodes.set(layer, { bottoms, tops });
    }
    for (const { maker, previous, inPlace } of values) {
      if (maker && previous && inPlace && this.splits(previous) > 1) {
        problems.push({ kind: "shared in place", ...maker, value: previous });
      }
    }
    this.namesakes = layers.flatMap((layer) => {
      const { name } = messageOf(layer);
      const first = named.get(name);
      if (first === undefined) named.set(name, layer);
      return first === undefined ? [] : { layer, first };
    });
    this.values = values;
    this.problems = problems;
  }

  has(layer: L): boolean {
    return this.#nodes.has(layer);
  }

  /** The values that a layer reads, bottom by bottom. */
  bottoms(layer: L): readonly Value<L>[] {
    return this.#nodes.get(layer)?.bottoms ?? [];
  }

  /** The values that a layer makes, top by top. */
  tops(layer: L): readonly Value<L>[] {
    return this.#nodes.get(layer)?.tops ?? [];
  }

  /** The top that each bottom of a layer reads; `undefined` where no layer makes it. */
  makers(layer: L): readonly (End<L> | undefined)[] {
    return this.bottoms(layer).map(({ maker }) => maker);
  }

  /** The layer that makes the index-th bottom. */
  maker(layer: L, index = 0): L | undefined {
    return this.bottoms(layer)[index]?.maker?.layer;
  }

  /** The bottoms that read a top. */
  readers(layer: L, top = 0): readonly End<L>[] {
    return this.tops(layer)[top]?.readers ?? [];
  }

  /** The number of readers of a value as Caffe counts them for its Split: a loss weight counts as one. */
  splits(value: Value<L>): number {
    return value.readers.length + (this.lossWeight(value) === 0 ? 0 : 1);
  }

  /** The loss weight that the maker of a value gives it; 0 if it gives none. */
  lossWeight({ maker }: Value<L>): number {
    return (maker && this.messageOf(maker.layer).lossWeight[maker.index]) ?? 0;
  }

  isInPlace(layer: L, top = 0): boolean {
    return this.tops(layer)[top]?.inPlace ?? false;
  }

  /** Values that layers read but no layer makes. */
  get inputs(): readonly Value<L>[] {
    return this.values.filter(({ maker }) => !maker);
  }

  /** Values that no layer reads and no later value of the same name replaces. */
  get outputs(): readonly Value<L>[] {
    return this.values.filter(({ readers, next }) => readers.length === 0 && !next);
  }

  /** The names of the values that are made above a layer. */
  madeAbove(layer: L): ReadonlySet<string> {
    const above = this.layers.slice(0, this.layers.indexOf(layer));
    return new Set(above.flatMap((each) => this.messageOf(each).top));
  }

  /**
   * @throws MokaError `MOKA_BLOB` for the first problem of these kinds
   */
  check(...kinds: readonly ConnectionProblem["kind"][]): void {
    const problem = this.problems.find(({ kind }) => kinds.includes(kind));
    if (!problem) return;
    const layer = this.messageOf(problem.layer);
    const reason = problem.kind === "unknown bottom" ? this.#unknownBottom(problem) : this.#madeTwice(problem);
    throw new MokaError("MOKA_BLOB", reason, { place: sourceOf(layer)?.place, layer });
  }

  #unknownBottom({ layer, index, value }: ConnectionProblem<L>): string {
    const names = [...this.madeAbove(layer)].map((name) => `"${name}"`);
    const known = names.length > 0 ? `; there are ${names.join(", ")}` : "";
    const others = this.madeElsewhere(value.name).map((each) => describeElsewhere(this.messageOf(each)));
    return [`bottom ${index} is "${value.name}", which no layer above produces${known}`, ...others].join("; ");
  }

  /** The layers that the net's state leaves out and that make a blob of this name. */
  madeElsewhere(name: string): readonly L[] {
    return this.#all.filter((layer) => !this.has(layer) && this.messageOf(layer).top.includes(name));
  }

  /** A top in place on a value with other readers is also `made twice`, because the value gets a Split. */
  #madeTwice({ layer, kind, value }: ConnectionProblem<L>): string {
    const { name, maker, readers } = value;
    const named = (each: L) => `"${this.messageOf(each).name}"`;
    const others = readers.filter((reader) => reader.layer !== layer).map((reader) => named(reader.layer));
    const verb = others.length === 1 ? "reads" : "read";
    const inPlace = others.length > 0 ? `what ${others.join(", ")} ${verb} too` : "what has a loss_weight";
    const why = others.length > 0 || kind === "shared in place" ? `; it works in place on ${inPlace}` : "";
    return `top "${name}" is already produced by layer ${maker ? named(maker.layer) : "none"}${why}`;
  }
}

/** The graph of messages. `all` are the layers of the file: errors name those too that the net's state leaves out. */
export function connect(layers: readonly LayerParameter[], all?: readonly LayerParameter[]): Graph {
  return new Graph(layers, (layer) => layer, all);
}

/** The place of a layer that a net's state leaves out, and the states that it is in. */
export function describeElsewhere(layer: LayerParameter): string {
  const place = sourceOf(layer)?.place;
  const rules = layer.include.length > 0 ? layer.include : layer.exclude;
  const named = rules.map(
    (rule) =>
      formatText(NetStateRuleSchema, rule)
        .trim()
        .replaceAll(/\s*\n\s*/g, " ") || "no rule",
  );
  const verb = layer.include.length > 0 ? "holds" : "does not hold";
  return `layer "${layer.name}"${place ? ` (${formatPlace(place)})` : ""} produces it where ${named.join(" or ")} ${verb}`;
}

interface Writable<L> extends Value<L> {
  readonly readers: End<L>[];
  next: Value<L> | undefined;
}
