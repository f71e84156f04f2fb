import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";

/** The fields of a message type, indexed for the reader and the printer. */
interface Layout {
  /** By their names in the prototxt. */
  readonly byName: ReadonlyMap<string, DescField>;
  /** In the order of their numbers. */
  readonly byNumber: readonly DescField[];
  readonly required: readonly DescField[];
}

const layouts = new WeakMap<DescMessage, Layout>();

export function layoutOf(schema: DescMessage): Layout {
  let layout = layouts.get(schema);
  if (!layout) {
    const { fields } = schema;
    layout = {
      byName: new Map(fields.map((field) => [field.name, field])),
      byNumber: fields.toSorted((a, b) => a.number - b.number),
      required: fields.filter(({ presence }) => presence === FeatureSet_FieldPresence.LEGACY_REQUIRED),
    };
    layouts.set(schema, layout);
  }
  return layout;
}

/** The field with this name in the prototxt, which must exist. */
export function fieldOf(schema: DescMessage, name: string): DescField {
  const field = layoutOf(schema).byName.get(name);
  if (!field) throw new TypeError(`${schema.name} has no field ${name}`);
  return field;
}
