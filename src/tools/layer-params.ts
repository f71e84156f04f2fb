// The types of the fields in a NetSpec's call for a layer, derived from the types that are generated from caffe.proto.
import type { Message } from "@bufbuild/protobuf";
import type { layers } from "../layers/registry.js";
import type * as proto from "../proto/gen/caffe_pb.js";

export type Proto = typeof proto;

/** The name in the prototxt: `num_output` for `numOutput`. */
export type Snake<S> = S extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Snake<Rest>}`
  : "";

/** The generated enums, by their generated names: `PoolingParameter_PoolMethod`. */
export type Enums = { [K in keyof Proto as Proto[K] extends Record<number, string> ? K : never]: Proto[K] };

/** The names of the values of an enum. */
export type EnumNames<E> = {
  [K in keyof Enums]: E extends Enums[K][keyof Enums[K]] ? keyof Enums[K] : never;
}[keyof Enums];

export type Value<T> = T extends Message
  ? MessageFields<T>
  : T extends bigint
    ? bigint | number
    : T extends number
      ? `${number}` extends `${T}`
        ? number
        : T | EnumNames<T>
      : T;

export type FieldValue<T> = T extends readonly (infer Item)[] ? Value<Item> | readonly Value<Item>[] : Value<T>;

/**
 * The fields of a message, named as in the prototxt, as plain values: messages as objects, enums by name or number,
 * repeated fields as one value or as a list.
 */
export type MessageFields<M> = {
  readonly [K in keyof M as K extends keyof Message ? never : Snake<K>]?: FieldValue<NonNullable<M[K]>> | undefined;
};

/** Messages of LayerParameter by their type names without `Parameter`: for most, this is the layer's type. */
export type Messages = {
  [K in keyof proto.LayerParameter as NonNullable<proto.LayerParameter[K]> extends {
    $typeName: `caffe.${infer Type}Parameter`;
  }
    ? Type
    : never]: NonNullable<proto.LayerParameter[K]>;
};

/** The fields of LayerParameter by their names in the prototxt. */
export type FieldTypes = { [K in keyof proto.LayerParameter as Snake<K>]: NonNullable<proto.LayerParameter[K]> };

export type LayerClasses = { [C in (typeof layers)[number] as C["type"]]: C };

/** The own message of each layer type: that in the field that its class names, or the one named after the type. */
export type TypeMessages = { Python: Messages["Python"] } & {
  [T in keyof LayerClasses]: LayerClasses[T]["paramField"] extends keyof FieldTypes
    ? FieldTypes[LayerClasses[T]["paramField"]]
    : T extends keyof Messages
      ? Messages[T]
      : unknown;
};

/** The layer types, as the prototxt names them. */
export type LayerType = keyof TypeMessages;

/** The fields of LayerParameter that any call may give. */
export type CommonFields = Omit<MessageFields<proto.LayerParameter>, "type">;

/** The fields for a layer of this type: those of its own message, and those that all layers have. */
export type LayerFields<T extends LayerType> = MessageFields<TypeMessages[T]> &
  Omit<CommonFields, keyof MessageFields<TypeMessages[T]>>;

export type Intersection<U> = (U extends unknown ? (given: U) => void : never) extends (taken: infer I) => void
  ? I
  : never;

/** The values of the enums within a message: `Pooling` has those of PoolingParameter's PoolMethod, Engine and RoundMode. */
export type EnumValues = {
  readonly [M in keyof Enums as M extends `${infer Type}Parameter_${string}` ? Type : never]: Intersection<
    Enums[Extract<keyof Enums, `${M extends `${infer Type}Parameter_${string}` ? Type : never}Parameter_${string}`>]
  >;
};
