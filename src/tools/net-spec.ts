import { clone, create, isFieldSet } from "@bufbuild/protobuf";
import { layers } from "../layers/registry.js";
import {
  file_caffe,
  type LayerParameter,
  LayerParameterSchema,
  type NetParameter,
  NetParameterSchema,
} from "../proto/gen/caffe_pb.js";
import { formatText } from "../proto/text/index.js";
import { closest, hintAt } from "../util/closest.js";
import { check, MokaError } from "../util/errors.js";
import { layerMessage } from "./layer-message.js";
import type { CommonFields, EnumValues, LayerFields, LayerType } from "./layer-params.js";

/** A layer that was made by a call. */
export interface Call {
  readonly bottoms: readonly Top[];
  /** Its tops, at least one: a layer without tops has one that represents the layer. */
  readonly tops: readonly Top[];
  readonly ntop: number;
  readonly inPlace: boolean;
  /** The fields given in the call, without the names, which the net chooses. */
  readonly message: LayerParameter;
}

/**
 * A top of a layer, which can be a bottom of other layers.
 *
 * @example
 * ```ts
 * const data = L.Input({ shape: { dim: [1, 3, 8, 8] } });
 * console.log(data instanceof Top, data.call.message.type); // true Input
 * ```
 */
export class Top {
  readonly call: Call;
  readonly index: number;

  constructor(call: Call, index: number) {
    this.call = call;
    this.index = index;
  }
}

/** Options of a call besides bottoms and fields. */
export interface CallOptions<N extends number> {
  /** The number of its tops; default 1. */
  readonly ntop?: N | undefined;
  /** Whether its tops are its bottoms; default false. */
  readonly in_place?: boolean | undefined;
}

/** A list of N tops; `never` if N is negative or not whole. */
export type TopList<N extends number, Tops extends readonly Top[] = []> = number extends N
  ? Top[]
  : `${N}` extends `-${string}` | `${string}.${string}`
    ? never
    : Tops["length"] extends N
      ? Tops
      : TopList<N, [...Tops, Top]>;

/** Makes a layer from its bottoms and, as the last argument, its fields if any. Returns its top, or a list of tops. */
export interface LayerFunction<Fields> {
  (...bottoms: (Top | undefined)[]): Top;
  <N extends number = 1>(
    ...args: [...bottoms: (Top | undefined)[], fields: Fields & CallOptions<N>]
  ): N extends 0 | 1 ? Top : TopList<N>;
}

/** A function for each layer type. */
export type Layers = { readonly [T in LayerType]: LayerFunction<LayerFields<T>> } & {
  /** The function for a custom layer type. */
  of(type: string): LayerFunction<CommonFields>;
};

/** A net that is being written: its blobs by name, and its message and text. */
export type NetSpec = { [blob: string]: Top } & {
  /** The message of the net: the layers that make its blobs, and those that these need. */
  toProto(): NetParameter;
  /** The same as a prototxt. Numbers have the digits they were written with: 0.1234567, where C++ prints 0.123456702. */
  toString(): string;
};

const types = new Set([...layers.map(({ type }) => type), "Python"]);

/**
 * The layer types, as pycaffe's `layers`: `L.Convolution(n.data, { num_output: 20, kernel_size: 5 })` makes a layer and
 * returns its top. Bottoms come first; then fields of the layer type's own message (`convolution_param`), or of
 * LayerParameter (`param`, `loss_weight`, `include`, …), named as in the prototxt: messages as objects, enums by
 * name, repeated fields as a list or one value; and `ntop`, the number of tops if it is not 1, and `in_place`.
 *
 * @throws MokaError `MOKA_LAYER` for an unknown type, `MOKA_FIELD` for a wrong field, `MOKA_BLOB` for a wrong bottom
 * @example
 * ```ts
 * const data = L.Input({ shape: { dim: [1, 3, 8, 8] } });
 * const conv = L.Convolution(data, { num_output: 20, kernel_size: 3, param: { lr_mult: 1 } });
 * const [left, right] = L.Slice(conv, { axis: 1, ntop: 2 });
 * const mine = L.of("MyType")(left); // a layer type of your own
 * ```
 */
export const L = new Proxy({ of: (type: string) => layerFunction(type) } as Layers, {
  get(target, name) {
    if (typeof name === "symbol" || name in target) return Reflect.get(target, name);
    if (types.has(name)) return layerFunction(name);
    const close = closest(name, types);
    const hint = close ? hintAt(`L.${close}`) : `; for one of your own, take L.of("${name}")`;
    throw new MokaError("MOKA_LAYER", `there is no layer type ${name}${hint}`);
  },
});

/**
 * The values of enums, as pycaffe's `params`: `P.Pooling.MAX`. A value's name has the same effect: `"MAX"`.
 *
 * @example
 * ```ts
 * const data = L.Input({ shape: { dim: [1, 3, 8, 8] } });
 * const pool = L.Pooling(data, { pool: P.Pooling.AVE, kernel_size: 2, stride: 2 });
 * console.log(P.Pooling.MAX, P.Pooling.AVE, P.Pooling.STOCHASTIC); // 0 1 2
 * ```
 */
export const P = Object.fromEntries(
  file_caffe.messages
    .filter(({ name, nestedEnums }) => name.endsWith("Parameter") && nestedEnums.length > 0)
    .map(({ name, nestedEnums }) => [
      name.replace(/Parameter$/, ""),
      Object.fromEntries(nestedEnums.flatMap(({ values }) => values.map((value) => [value.name, value.number]))),
    ]),
) as unknown as EnumValues;

/**
 * Writes nets in code, as pycaffe's `NetSpec`.
 *
 * A top that is assigned gives its name to the blob and, if it is the first top, to the layer. The rest is named after
 * the type, as in pycaffe: `InnerProduct1`. Layers are in the order of the assignments, each after those it needs;
 * layers that no assigned top needs are left out.
 *
 * @example
 * ```ts
 * const n = new NetSpec("LeNet");
 * [n.data, n.label] = L.Data({ source: "train_lmdb", backend: "LMDB", batch_size: 4, ntop: 2 });
 * n.conv1 = L.Convolution(n.data, { num_output: 20, kernel_size: 5, weight_filler: { type: "xavier" } });
 * n.relu1 = L.ReLU(n.conv1, { in_place: true });
 * n.loss = L.SoftmaxWithLoss(L.InnerProduct(n.relu1, { num_output: 10 }), n.label);
 * const prototxt = String(n);
 * const net = await Net.load(n.toProto(), { phase: "TRAIN" });
 * ```
 */
export const NetSpec = class {
  constructor(name?: string) {
    const tops: Record<string, Top> = Object.create(null);
    const toProto = () => netOf(Object.entries(tops), name);
    const methods: Readonly<Record<string, unknown>> = { toProto, toString: () => textOf(toProto()) };
    // biome-ignore lint/correctness/noConstructorReturn: blobs are set and read as properties.
    return new Proxy(tops, {
      get: (_, key) => (typeof key === "string" && Object.hasOwn(methods, key) ? methods[key] : Reflect.get(tops, key)),
      set(_, key, value) {
        check(!Object.hasOwn(methods, key), "MOKA_BLOB", `no blob can be named ${String(key)} in a NetSpec`);
        check(value instanceof Top, "MOKA_BLOB", `${String(key)} must be a top, not ${kindOf(value)}`);
        return Reflect.set(tops, key, value);
      },
    });
  }
} as unknown as new (
  name?: string,
) => NetSpec;

/** The prototxt of a net, with numbers as they were written in the call. */
function textOf(net: NetParameter): string {
  return formatText(NetParameterSchema, net, { unicode: true, shortest: true });
}

/**
 * The message of a net with these tops and the layers that they need, all named after their types, as pycaffe's `to_proto`.
 *
 * @example
 * ```ts
 * const data = L.Input({ shape: { dim: [1, 3, 8, 8] } });
 * const message = toProto(L.ReLU(L.Convolution(data, { num_output: 4, kernel_size: 3 })));
 * console.log(message.layer.map(({ name }) => name)); // [ 'Input1', 'Convolution1', 'ReLU1' ]
 * ```
 */
export function toProto(...tops: readonly Top[]): NetParameter {
  return netOf(tops.map((top): [undefined, Top] => [undefined, top]));
}

function layerFunction(type: string): LayerFunction<never> {
  const make = (...args: unknown[]) => {
    const last = args.at(-1);
    const fields = isFields(last) ? last : {};
    const { ntop = 1, in_place: inPlace = false, ...values } = fields as Record<string, unknown>;
    const bottoms = args.slice(0, isFields(last) ? -1 : undefined).map((bottom, i) => bottomOf(type, bottom, i));
    const isCount = typeof ntop === "number" && Number.isInteger(ntop) && ntop >= 0;
    check(isCount, "MOKA_FIELD", `L.${type}: ntop must be 0, 1, 2, …, not ${String(ntop)}`);
    check(typeof inPlace === "boolean", "MOKA_FIELD", `L.${type}: in_place must be true or false`);
    const fits = !inPlace || (ntop > 0 && ntop <= bottoms.length);
    check(fits, "MOKA_BLOB", `L.${type}: in place there cannot be ${ntop} tops of ${bottoms.length} bottoms`);
    const tops: Top[] = [];
    const call = { bottoms, tops, ntop, inPlace, message: layerMessage(type, values) };
    for (let i = 0; i < Math.max(ntop, 1); i++) tops.push(new Top(call, i));
    return ntop > 1 ? tops : tops[0];
  };
  return make as LayerFunction<never>;
}

function isFields(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(value instanceof Top) && !Array.isArray(value);
}

function bottomOf(type: string, bottom: unknown, index: number): Top {
  const hint = bottom === undefined ? "; nothing was assigned to that name before" : "";
  check(bottom instanceof Top, "MOKA_BLOB", `L.${type}: bottom ${index} must be a top, not ${kindOf(bottom)}${hint}`);
  const from = bottom.call.message.type;
  check(bottom.call.ntop > 0, "MOKA_BLOB", `L.${type}: bottom ${index} is a layer without tops, of type ${from}`);
  return bottom;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** The layers of these tops and the layers that they need, in an order in which they can run. */
function netOf(named: Iterable<readonly [name: string | undefined, top: Top]>, name?: string): NetParameter {
  const net = create(NetParameterSchema, name === undefined ? {} : { name });
  const names = new Map<Top, string>();
  for (const [given, top] of named) if (given !== undefined) names.set(top, given);
  const taken = new Set(names.values());
  const counts = new Map<string, number>();
  const nameOf = (top: Top): string => {
    const { type } = top.call.message;
    let known = names.get(top);
    while (known === undefined) {
      const count = (counts.get(type) ?? 0) + 1;
      counts.set(type, count);
      if (!taken.has(type + count)) known = type + count;
    }
    names.set(top, known);
    return known;
  };

  const done = new Map<Call, readonly string[]>();
  /** Adds a layer once; returns the names of its tops. */
  const add = (call: Call): readonly string[] => {
    const known = done.get(call);
    if (known) return known;
    const bottoms = call.bottoms.map((bottom) => add(bottom.call)[bottom.index] ?? "");
    const tops = call.inPlace ? bottoms : call.tops.slice(0, call.ntop).map(nameOf);
    const layer = clone(LayerParameterSchema, call.message);
    layer.bottom.unshift(...bottoms);
    layer.top.unshift(...tops);
    const first = nameOf(call.tops[0] as Top);
    if (!isFieldSet(layer, LayerParameterSchema.field.name)) layer.name = first;
    net.layer.push(layer);
    done.set(call, tops);
    return tops;
  };
  for (const [, top] of named) add(top.call);
  return net;
}
