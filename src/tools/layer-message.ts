import { create, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { type MessageField, paramFieldOf } from "../layers/param-field.js";
import { forkBase } from "../proto/fork-fields.js";
import { type LayerParameter, LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import { hintFor } from "../proto/text/suggest.js";
import { MokaError, reasonOf } from "../util/errors.js";

const layerFields = fieldsOf(LayerParameterSchema);
/**
 * The message of a layer, from values named as in the prototxt: fields of its type's own message, or else of
 * LayerParameter, as in pycaffe. Messages are objects, enums names or numbers, a repeated field a list or one value.
 *
 * @throws MokaError `MOKA_FIELD` for an unknown field, or a value that the field cannot have
 */
export function layerMessage(type: string, values: Readonly<Record<string, unknown>>): LayerParameter {
  const layer = create(LayerParameterSchema, { type });
  const target = reflect(LayerParameterSchema, layer);
  const own = paramFieldOf(type);
  const inner = own && fieldsOf(own.message);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const field = name === "type" ? undefined : layerFields.get(name);
    if (own && inner?.has(name)) addTo(target, own, { [name]: value }, `L.${type}: `);
    else if (field) setField(target, field, value, `L.${type}: `);
    else {
      const hint = hintFor(name, LayerParameterSchema, new Map([...(inner ?? []), ...layerFields]));
      throw new MokaError("MOKA_FIELD", `L.${type} has no parameter ${name}${hint}`);
    }
  }
  return layer;
}

/** Sets a field; adds to it if it is repeated or a message. Errors have `prefix` before its name. */
function setField(target: ReflectMessage, field: DescField, value: unknown, prefix: string): void {
  const name = prefix + field.name;
  try {
    if (field.fieldKind === "message") addTo(target, field, objectOf(value, field.message), `${name}.`);
    else if (field.fieldKind !== "list") target.set(field, scalarOf(field, value));
    else {
      const list = target.get(field);
      for (const item of Array.isArray(value) ? value : [value]) {
        list.add(
          field.message
            ? filled(reflect(field.message), objectOf(item, field.message), `${name}.`)
            : scalarOf(field, item),
        );
      }
    }
  } catch (error) {
    throw error instanceof MokaError ? error : new MokaError("MOKA_FIELD", `${name}: ${reasonOf(error)}`);
  }
}

/** Sets fields of the message in a field. Its other fields do not change. */
function addTo(target: ReflectMessage, field: MessageField, values: object, prefix: string): void {
  target.set(field, filled(target.isSet(field) ? target.get(field) : reflect(field.message), values, prefix));
}

function filled(message: ReflectMessage, values: object, prefix: string): ReflectMessage {
  const fields = fieldsOf(message.desc);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const field = fields.get(name);
    if (!field) {
      const hint = hintFor(name, message.desc, fields);
      throw new MokaError("MOKA_FIELD", `${prefix}${name}: ${message.desc.name} has no such field${hint}`);
    }
    setField(message, field, value, prefix);
  }
  return message;
}

function objectOf(value: unknown, schema: DescMessage): object {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new Error(`expected an object with fields of ${schema.name}, got ${shown(value)}`);
}

/** A value that is not a message: an enum's name becomes its number, a float is rounded to single precision. */
function scalarOf(field: DescField, value: unknown): unknown {
  if (field.enum) {
    const known = field.enum.values.find(({ name, number }) => name === value || number === value);
    if (known) return known.number;
    const names = field.enum.values.filter(({ number }) => number < forkBase).map(({ name }) => name);
    throw new Error(`expected ${names.join(", ")}, got ${shown(value)}`);
  }
  return field.scalar === ScalarType.FLOAT && typeof value === "number" ? Math.fround(value) : value;
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : Array.isArray(value) ? "a list" : String(value);
}

function fieldsOf(schema: DescMessage): Map<string, DescField> {
  return new Map(schema.fields.map((field) => [field.name, field]));
}
