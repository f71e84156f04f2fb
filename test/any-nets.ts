// Random nets over all layer types that compute without files. A layer's fields are drawn from the schema, its bottoms from
// the blobs there are and from new inputs; what Moka refuses is drawn again, so that no list of legal values is needed.
import { type DescField, ScalarType } from "@bufbuild/protobuf";
import { ReferenceEngine } from "../src/engines/reference/index.js";
import { layers } from "../src/layers/registry.js";
import { forkBase, isForkField } from "../src/proto/fork-fields.js";
import { LayerParameterSchema } from "../src/proto/gen/caffe_pb.js";
import { MokaError } from "../src/util/errors.js";
import type { Shape } from "../src/util/shape.js";
import { countOf } from "../src/util/shape.js";
import { Dice } from "./dice.js";
import { netFromText } from "./nets.js";

/** The types that are drawn. The others read or write files, take data by a call, or read `param_str`, which is no field. */
export const drawnTypes: readonly string[] = layers
  .filter(({ group, type, paramField }) => paramField !== "python_param" && (group !== "data" || type === "DummyData"))
  .map(({ type }) => type);

export interface AnyNet {
  readonly text: string;
  readonly phase: "TRAIN" | "TEST";
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly hasBackward: boolean;
  readonly types: readonly string[];
}

interface Input {
  readonly name: string;
  readonly shape: Shape;
  readonly values: readonly number[];
}

/** A net of a few layers, with one of type `wanted`; the same for the same seed. */
export async function drawNet(seed: number, wanted: string): Promise<AnyNet> {
  const dice = new Dice(Math.imul(seed, 0x9e3779b1));
  const phase = dice.chance(0.7) ? "TRAIN" : "TEST";
  const forced = dice.chance(0.4) ? "force_backward: true\n" : "";
  const draft = new Draft(dice, forced, phase);
  const size = 2 + dice.below(7);
  const at = dice.below(size);
  for (let i = 0; i < size; i++) {
    if (i === at) await draft.add(wanted, 2000);
    else await draft.add(dice.of(drawnTypes), 40);
  }
  return draft.net();
}

/** A net that grows by one layer at a time. */
class Draft {
  readonly #dice: Dice;
  readonly #head: string;
  readonly #phase: "TRAIN" | "TEST";
  #lines: readonly string[] = [];
  #inputs: readonly Input[] = [];
  #shapes: ReadonlyMap<string, Shape> = new Map();
  #types: readonly string[] = [];
  #hasBackward = true;

  constructor(dice: Dice, head: string, phase: "TRAIN" | "TEST") {
    this.#dice = dice;
    this.#head = head;
    this.#phase = phase;
  }

  net(): AnyNet {
    const inputs = Object.fromEntries(this.#inputs.map(({ name, values }) => [name, values]));
    const text = this.#text(this.#inputs, this.#lines);
    return { text, phase: this.#phase, inputs, hasBackward: this.#hasBackward, types: this.#types };
  }

  /** Adds a layer, if Moka takes one of `tries` layers that are drawn. */
  async add(type: string, tries: number): Promise<void> {
    for (let i = 0; i < tries; i++) {
      const inputs = [...this.#inputs];
      const bottoms = this.#bottoms(type, inputs);
      const line = this.#layer(type, bottoms);
      const lines = [...this.#lines, line];
      const found = await this.#attempt(inputs, lines);
      // A layer without a gradient ends the gradients of the whole net; only the wanted one may.
      if (!found || (this.#hasBackward && !found.hasBackward && tries < 100)) continue;
      this.#lines = lines;
      this.#inputs = inputs;
      this.#shapes = found.shapes;
      this.#hasBackward = found.hasBackward;
      this.#types = [...this.#types, type];
      return;
    }
  }

  #text(inputs: readonly Input[], lines: readonly string[]): string {
    const heads = inputs.map(({ name, shape }) => {
      const dims = shape.map((dim) => `dim: ${dim}`).join(" ");
      return `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${dims} } } }`;
    });
    return `${this.#head}${[...heads, ...lines].join("\n")}\n`;
  }

  /** The shapes of the blobs and whether there is a backward; undefined for a net that Moka refuses. */
  async #attempt(inputs: readonly Input[], lines: readonly string[]) {
    const engine = new ReferenceEngine();
    try {
      const net = await netFromText(this.#text(inputs, lines), { phase: this.#phase, engine });
      await net.forward(Object.fromEntries(inputs.map(({ name, values }) => [name, values])));
      const hasBackward = await net.backward().then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof MokaError)) throw error;
          return false;
        },
      );
      const shapes = new Map([...net.blobs].map(([name, { shape }]) => [name, [...shape]]));
      const sizes = [...shapes.values()].map((shape) => countOf(shape));
      await net.dispose();
      return Math.max(...sizes) > 4000 || Math.min(...sizes) === 0 ? undefined : { shapes, hasBackward };
    } catch (error) {
      if (error instanceof MokaError || /^\d+:\d+: /.test(String((error as Error).message))) return undefined;
      throw new Error(`${this.#phase}\n${this.#text(inputs, lines)}`, { cause: error });
    } finally {
      await engine.dispose();
    }
  }

  /** Names of bottoms; new inputs go into `inputs`. */
  #bottoms(type: string, inputs: Input[]): string[] {
    const dice = this.#dice;
    const asked = dice.chance(0.7) ? shapesBeside[type] : undefined;
    const count = asked ? 3 : dice.of([0, 1, 1, 1, 2, 2, 3, 4, 5]);
    const all = [...this.#shapes.keys()];
    // Mostly the last blobs, so that nets get deep.
    const blobs = dice.chance(0.7) ? all.slice(-3) : all;
    const bottoms: string[] = [];
    let first: Shape = [];
    for (let i = 0; i < count; i++) {
      const known = blobs.length > 0 && dice.chance(i === 0 ? 0.75 : asked ? 0 : 0.3);
      const alike = blobs.filter((name) => String(this.#shapes.get(name)) === String(first));
      const name = known
        ? dice.of(i > 0 && alike.length > 0 && dice.chance(0.8) ? alike : blobs)
        : `in${inputs.length}`;
      if (!known) inputs.push(this.#input(name, i === 0 ? undefined : first, asked?.(first)[i - 1]));
      bottoms.push(name);
      if (i === 0) first = this.#shapes.get(name) ?? inputs.at(-1)?.shape ?? [];
    }
    return bottoms;
  }

  #input(name: string, first: Shape | undefined, asked: Shape | undefined): Input {
    const shape = asked ?? (first ? this.#shapeBeside(first) : this.#shape());
    const kind = this.#dice.of(
      first ? ["uniform", "classes", "classes", "bits", "positive"] : ["uniform", "uniform", "classes"],
    );
    const values = new Float32Array(countOf(shape));
    if (kind === "bits") for (let i = 0; i < values.length; i++) values[i] = this.#dice.below(2);
    else if (kind === "classes") for (let i = 0; i < values.length; i++) values[i] = this.#dice.below(3);
    else this.#dice.random.uniform(values, kind === "positive" ? 0.1 : -1, 1);
    return { name, shape, values: [...values] };
  }

  #shape(): Shape {
    const axes = this.#dice.of([1, 2, 3, 4, 4, 4, 4, 5]);
    return Array.from({ length: axes }, (_, axis) => 1 + this.#dice.below(axis > 1 ? 6 : 4));
  }

  /** A shape for a further bottom: that of the first, labels for it, or one that some layer asks for. */
  #shapeBeside(first: Shape): Shape {
    return this.#dice.of<Shape>([
      ...[first, first, first.slice(0, 1), first.slice(0, 2), first.slice(0, -1)],
      ...[first.map((dim, axis) => (axis === 1 ? 1 : dim)), first.filter((_, axis) => axis !== 1)],
      ...[[1, first[1] ?? 1, 2], this.#shape()],
      first.map((dim, axis) => (axis > 1 ? Math.max(1, dim - 1) : dim)),
    ]);
  }

  #layer(type: string, bottoms: readonly string[]): string {
    const dice = this.#dice;
    const name = `l${this.#lines.length}_${type}`;
    const tops = dice.of([0, 1, 1, 1, 1, 1, 2, 2, 3]);
    const inPlace = bottoms.length > 0 && tops > 0 && dice.chance(0.15);
    const parts = [
      `name: "${name}" type: "${type}"`,
      ...bottoms.map((bottom) => `bottom: "${bottom}"`),
      ...Array.from({ length: tops }, (_, i) => `top: "${i === 0 && inPlace ? bottoms[0] : `${name}_${i}`}"`),
      ...(dice.chance(0.2) ? Array.from({ length: tops }, () => `loss_weight: ${dice.of([0, 0.5, 1, 2])}`) : []),
      ...(dice.chance(0.15) ? [`param { lr_mult: ${dice.of([0, 1])} }`] : []),
      ...(dice.chance(0.1) ? ['param { name: "shared" share_mode: PERMISSIVE }'] : []),
      ...(dice.chance(0.1) ? bottoms.map(() => `propagate_down: ${dice.chance(0.5)}`) : []),
    ];
    const own = layers.find((each) => each.type === type)?.paramField;
    const byName = `${type}Param`.toLowerCase();
    for (const field of LayerParameterSchema.fields) {
      const isOwn = own === undefined ? field.localName.toLowerCase() === byName : field.name === own;
      if (isOwn || (field.name === "loss_param" && dice.chance(0.1))) parts.push(this.#field(field, 0));
    }
    return `layer { ${parts.join(" ")} }`;
  }

  /** A field with a value; a message with some of its fields. */
  #field(field: DescField, depth: number): string {
    const dice = this.#dice;
    const one = (): string => {
      if (field.message) {
        if (field.message.name === "FillerParameter") return `${field.name} { ${this.#filler()} }`;
        const inner = field.message.fields
          .filter(({ name }) => depth === 0 || name === "dim")
          // Fields of forks in messages of BVLC's are mostly refused; the cases of forks have those that are computed.
          .filter((each) => !isForkField(each))
          .filter(({ name, fieldKind, scalar }) => {
            if (fieldKind === "message" && depth > 0) return false;
            if (scalar === ScalarType.STRING || scalar === ScalarType.BYTES) return false;
            return dice.chance(usual.has(name) ? 0.9 : 0.25);
          });
        return `${field.name} { ${inner.map((each) => this.#field(each, depth + 1)).join(" ")} }`;
      }
      return `${field.name}: ${field.enum ? dice.of(field.enum.values.filter(({ number }) => number < forkBase)).name : this.#scalar(field)}`;
    };
    const count = field.fieldKind === "list" ? 1 + dice.below(field.name === "dim" ? 4 : 2) : 1;
    return Array.from({ length: count }, one).join(" ");
  }

  #scalar({ scalar, name }: DescField): string {
    const dice = this.#dice;
    if (scalar === ScalarType.BOOL) return String(dice.chance(0.5));
    if (scalar === ScalarType.FLOAT || scalar === ScalarType.DOUBLE)
      return String(dice.of([0, 0.3, 0.5, 0.9, 1, 2, -0.7]));
    const isSize = name === "dim" || name.includes("size") || name.includes("num") || name.includes("count");
    const whole = isSize ? [1, 2, 2, 3, 4, 5, 6] : [0, 0, 1, 1, 1, 2, 2, 3];
    return String(dice.chance(0.15) && !String(ScalarType[scalar ?? 1]).startsWith("U") ? -1 : dice.of(whole));
  }

  #filler(): string {
    return this.#dice.of([
      'type: "constant" value: 0.4',
      'type: "uniform" min: -0.8 max: 0.9',
      'type: "gaussian" std: 0.6',
      'type: "gaussian" std: 0.6 sparse: 2',
      'type: "xavier"',
      'type: "msra" variance_norm: AVERAGE',
      'type: "positive_unitball"',
      'type: "bilinear"',
    ]);
  }
}

/** The shapes of further bottoms for that of the first, of types whose shapes are rarely drawn by chance. */
const shapesBeside: Readonly<Record<string, (first: Shape) => readonly Shape[]>> = {
  LSTMUnit: (first) => [[...first.slice(0, -1), 4 * (first.at(-1) ?? 1)], first.slice(0, -1)],
  YoloSeg: (first) => [first, first.slice(0, 2)],
  InfogainLoss: ([batch = 1, classes = 1, ...more]) => [
    [batch, ...more],
    [1, 1, classes, classes],
  ],
};

/** Fields that most layers of their type need in order to be taken, or to compute something of interest. */
const usual: ReadonlySet<string> = new Set([
  "block_shape",
  "crops",
  "paddings",
  "indices",
  ...["num_output", "kernel_size", "weight_filler", "filler", "input_dim", "shape", "dim", "tiles", "pyramid_height"],
  "data_filler",
]);
