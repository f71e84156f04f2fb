import {
  clearField,
  create,
  type DescMessage,
  isFieldSet,
  type Message,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { createImages } from "#platform";
import type { Layer } from "../../core/layer.js";
import { checkCounts, setUpLayer } from "../../core/set-up-layer.js";
import { createCatalog } from "../../layers/registry.js";
import { createFiles } from "../../platform/memory-files.js";
import { makeBlob } from "../../proto/binary/blob.js";
import { setFields } from "../../proto/dialects/index.js";
import { isForkField } from "../../proto/fork-fields.js";
import {
  type LayerParameter,
  LayerParameterSchema,
  type NetParameter,
  NetParameterSchema,
} from "../../proto/gen/caffe_pb.js";
import { copyMessage } from "../../proto/source.js";
import { MokaError, reasonOf } from "../../util/errors.js";
import { silent } from "../../util/log.js";
import { Random } from "../../util/random.js";
import type { Shape } from "../../util/shape.js";
import { type Target, targets } from "../targets/index.js";
import { type Constant, floatConstant } from "../tensor.js";
import { type Blob, floatsOf } from "./value.js";

/** Fields of a layer, as its message has them. */
export type LayerFields = MessageInitShape<typeof LayerParameterSchema>;

/** A layer of the net. */
export interface Made {
  readonly message: LayerParameter;
  readonly shares: boolean;
  /** Its parameters, in the order of its blobs. */
  parameters: readonly Constant[];
}

/** A blob that a layer makes: its name, how many read it, and whether it is a value of the model that has the name. */
export interface Top {
  readonly name: string;
  readonly readers: number;
  readonly isOwn?: boolean;
}

/** What is asked of a new layer. */
export interface LayerRequest {
  readonly name: string;
  readonly bottoms: readonly Blob[];
  readonly tops: readonly Top[];
  readonly fields?: LayerFields | undefined;
  readonly parameters?: readonly Constant[] | undefined;
  /** Whether its top may be its bottom, if the layer can do that and nothing else reads the bottom. */
  readonly inPlace?: boolean | undefined;
}

/** The net in the making: its layers in their order, with unique names, and shapes from Moka's own layers. */
export class NetBuilder {
  readonly target: Target;
  readonly #catalog = createCatalog();
  readonly #context = {
    phase: "TEST",
    files: createFiles(),
    images: createImages(),
    random: new Random(1),
    log: silent,
    fill: () => {},
  } as const;
  readonly #layers: Made[] = [];
  readonly #layerNames = new Set<string>();
  readonly #blobNames = new Set<string>();
  readonly #reserved = new Set<string>();
  readonly #makers = new Map<Blob, Made>();
  readonly #blobs: Blob[] = [];

  constructor(target: Target) {
    this.target = target;
  }

  /** Whether the target has a layer type, and these fields: `can("Pooling", "pooling_param.pad_l")`. */
  can(type: string, ...fields: readonly string[]): boolean {
    return (
      this.target.has(type) && fields.every((field) => !this.target.lacks.includes(field)) && this.#hasForks(fields)
    );
  }

  /** Whether the target has a layer type with a second bottom in the place of its weights. */
  canTakeTwo(type: string): boolean {
    return this.can(type) && !this.target.oneBottom.includes(type);
  }

  /** The shape of a layer's top; undefined if the layer refuses its bottoms, or the target has not the layer. */
  shapeOf(type: string, bottoms: readonly Blob[], fields: LayerFields): Shape | undefined {
    const message = Object.assign(create(LayerParameterSchema, fields), {
      type,
      bottom: bottoms.map(({ name }) => name),
      top: [""],
    });
    try {
      this.#checkTarget(message);
      return setUpLayer(
        this.#catalog.create(message, this.#context),
        bottoms.map(({ shape }) => shape),
        this.#catalog.fill,
      ).top[0];
    } catch (error) {
      if (error instanceof MokaError) return undefined;
      throw error;
    }
  }

  /** The tops of a new layer, see `make`. */
  add(type: string, request: LayerRequest): readonly Blob[] {
    return this.make(type, request).blobs;
  }

  /**
   * Adds a layer.
   *
   * @throws MokaError `MOKA_UNSUPPORTED` if the target has not the layer, `MOKA_…` if the layer refuses its bottoms
   */
  make(type: string, request: LayerRequest): { readonly made: Made; readonly blobs: readonly Blob[] } {
    const { bottoms, tops, fields = {}, parameters = [] } = request;
    const message = create(LayerParameterSchema, fields);
    dropDefaults(message);
    const name = unique(request.name, this.#layerNames);
    Object.assign(message, { name, type, bottom: bottoms.map((blob) => blob.name) });
    this.#checkTarget(message);
    checkNumbers(message);
    const layer = this.#catalog.create(message, this.#context);
    const [first] = bottoms;
    const isInPlace = request.inPlace === true && layer.inPlace && first?.readers === 1 && first.mayBeOverwritten;
    message.top = isInPlace ? [first.name] : tops.map((top) => this.#unusedBlob(top.name, top.isOwn === true));
    layer.message.top = message.top;
    const made: Made = { message, shares: layer.sharesBottom || bottoms.length === 0, parameters };
    const shapes = this.#shapesOf(layer, bottoms, parameters);
    this.#layers.push(made);
    const version = isInPlace ? first.version + 1 : 0;
    return { made, blobs: this.#blobsOf(made, tops, shapes, version) };
  }

  /** Gives a layer other fields and tops. A top that is a blob stays as it is. */
  replace(made: Made, bottom: Blob, fields: LayerFields, tops: readonly (Top | Blob)[]): readonly Blob[] {
    const { message } = made;
    const kept = new Set(tops.flatMap((top) => ("kind" in top ? top.name : [])));
    for (const name of message.top) if (!kept.has(name)) this.#blobNames.delete(name);
    Object.assign(message, create(LayerParameterSchema, fields), {
      name: message.name,
      type: message.type,
      bottom: message.bottom,
    });
    dropDefaults(message);
    message.top = tops.map((top) => ("kind" in top ? top.name : this.#unusedBlob(top.name, top.isOwn === true)));
    const shapes = this.#shapesOf(this.#catalog.create(message, this.#context), [bottom], made.parameters);
    const blobs = this.#blobsOf(made, tops, shapes, 0);
    return tops.map((top, i) => ("kind" in top ? top : (blobs[i] ?? bottom)));
  }

  #blobsOf(made: Made, tops: readonly Top[], shapes: readonly Shape[], version: number): readonly Blob[] {
    return tops.map(({ readers }, index) => {
      const name = made.message.top[index] ?? "";
      const blob: Blob = {
        kind: "blob",
        name,
        shape: shapes[index] ?? [],
        version,
        readers,
        mayBeOverwritten: !made.shares,
      };
      this.#makers.set(blob, made);
      this.#blobs.push(blob);
      return blob;
    });
  }

  /** The layer that made a value, if nothing else reads it: then what follows may become part of the layer. */
  soleMaker(blob: Blob): Made | undefined {
    return blob.readers === 1 && blob.mayBeOverwritten ? this.#makers.get(blob) : undefined;
  }

  /** The same values under another name, which `readers` read, where a node passes on what it gets. Others that read the blob still do. */
  passOn(blob: Blob, readers: number): Blob {
    const passed: Blob = { ...blob, readers: blob.readers - 1 + readers };
    const maker = this.#makers.get(blob);
    if (maker) this.#makers.set(passed, maker);
    this.#blobs.push(passed);
    return passed;
  }

  /** Whether a layer reads a blob, other than in place. */
  isRead({ name }: Blob): boolean {
    return this.#layers.some(({ message: { bottom, top } }) => bottom.includes(name) && !top.includes(name));
  }

  /** Whether no layer writes over these values in place. */
  isNewest({ name, version }: Blob): boolean {
    return this.#blobs.every((other) => other.name !== name || other.version <= version);
  }

  /** Gives a blob another name in all layers. A blob that has this name gets another one. */
  rename(blob: Blob, to: string): void {
    if (this.#blobNames.has(to)) this.#move(to, this.#unusedBlob(`${to}/value`, false));
    this.#move(blob.name, this.#unusedBlob(to, true));
  }

  #move(from: string, to: string): void {
    this.#blobNames.delete(from);
    const changed = (list: readonly string[]) => list.map((each) => (each === from ? to : each));
    for (const { message } of this.#layers) {
      message.bottom = changed(message.bottom);
      message.top = changed(message.top);
    }
    for (const each of this.#blobs) if (each.name === from) each.name = to;
  }

  /** Keeps a name for the value of the model that has it. */
  reserve(name: string): void {
    this.#reserved.add(name);
  }

  get layers(): readonly LayerParameter[] {
    return this.#layers.map(({ message }) => message);
  }

  /** The net, and the net with its weights. */
  finish(name: string): { readonly net: NetParameter; readonly weights: NetParameter } {
    const withBlobs = this.#layers.map(({ message, parameters }) => {
      const copy = copyMessage(LayerParameterSchema, message);
      copy.blobs = parameters.map((each) => makeBlob(each.shape, { data: floatsOf(each) }));
      return copy;
    });
    return {
      net: create(NetParameterSchema, { name, layer: [...this.layers] }),
      weights: create(NetParameterSchema, { name, layer: withBlobs }),
    };
  }

  #unusedBlob(name: string, isOwn: boolean): string {
    return unique(name, this.#blobNames, isOwn ? undefined : this.#reserved);
  }

  #shapesOf(layer: Layer, bottoms: readonly Blob[], parameters: readonly Constant[]): readonly Shape[] {
    try {
      checkCounts(layer);
      const { top, params } = setUpLayer(
        layer,
        bottoms.map(({ shape }) => shape),
        this.#catalog.fill,
      );
      const [wanted, given] = [params, parameters].map((list) => list.map(({ shape }) => shape.join(" × ")).join(", "));
      layer.check(
        wanted === given,
        "MOKA_SHAPE",
        `needs parameters of ${wanted || "no shape"}, not ${given || "none"}`,
      );
      return top;
    } catch (error) {
      throw layer.explain(error);
    }
  }

  #checkTarget(message: LayerParameter): void {
    const { target } = this;
    const paths = [...pathsOf(LayerParameterSchema, message, "")];
    const lacking = paths.filter((path) => target.lacks.includes(path) || !this.#hasForks([path]));
    const what = target.has(message.type)
      ? lacking.length > 0 && `the field ${lacking.join(", ")} of the layer ${message.type}`
      : `the layer ${message.type}`;
    if (!what) return;
    const others = targets.filter((each) => each.name !== "moka" && each.has(message.type)).map(({ name }) => name);
    const hint = target.has(message.type) ? "" : `; targets that have it: ${["moka", ...others].join(", ")}`;
    throw new MokaError("MOKA_UNSUPPORTED", `needs ${what}, which ${target.title} has not${hint}`);
  }

  #hasForks(paths: readonly string[]): boolean {
    const { forkFields } = this.target;
    return forkFields === "all" || paths.every((path) => !isForkPath(path) || forkFields.includes(path));
  }
}

/** A name that is not taken yet, which then is. */
function unique(name: string, taken: Set<string>, reserved?: ReadonlySet<string>): string {
  let free = name;
  for (let i = 2; taken.has(free) || reserved?.has(free); i++) free = `${name}_${i}`;
  taken.add(free);
  return free;
}

/** Fields that nets have only where they differ from the default. NVDLA reads a bias wherever `bias_term` is set, be it false. */
const usual: readonly string[] = ["axis", "num_axes", "group", "bias_term"];

function dropDefaults(message: LayerParameter): void {
  for (const { field, value } of setFields(LayerParameterSchema, message)) {
    if (!field.message) continue;
    const inner = value as Message;
    const defaults: object = Object.getPrototypeOf(inner);
    for (const each of field.message.fields.filter(({ name }) => usual.includes(name))) {
      const key = each.localName as keyof object;
      if (isFieldSet(inner, each) && inner[key] === defaults[key]) clearField(inner, each);
    }
  }
}

/** Throws for numbers that no file can hold: beyond 32 bits, for most fields. */
function checkNumbers(message: LayerParameter): void {
  try {
    toBinary(LayerParameterSchema, message);
  } catch (error) {
    const reason = `needs a number that Caffe cannot hold: ${reasonOf(error)}`;
    throw new MokaError("MOKA_UNSUPPORTED", reason, { cause: error });
  }
}

/** The paths of the fields that are set in a message, and in the messages in it that BVLC has too. */
function* pathsOf(schema: DescMessage, message: Message, prefix: string): Iterable<string> {
  for (const { field, value } of setFields(schema, message)) {
    yield prefix + field.name;
    // A message that only forks have belongs to a layer type of theirs, which is allowed or not as a whole.
    if (field.message && !isForkField(field))
      yield* pathsOf(field.message, value as Message, `${prefix}${field.name}.`);
  }
}

/** Whether a field, by its path, is one that only forks have, in a message that BVLC has too. */
function isForkPath(path: string): boolean {
  const [first = "", ...rest] = path.split(".");
  const outer = LayerParameterSchema.fields.find(({ name }) => name === first);
  const inner = outer?.message?.fields.find(({ name }) => name === rest[0]);
  return inner !== undefined && isForkField(inner);
}

/** A parameter of one value for each of `count` entries. */
export function filled(count: number, value: number): Constant {
  return floatConstant([count], new Float32Array(count).fill(value));
}
