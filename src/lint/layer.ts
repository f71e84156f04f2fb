import type { Layer } from "../core/layer.js";
import type { LayerParameter } from "../proto/gen/caffe_pb.js";
import type { FieldNode, MessageNode, ValueNode } from "../proto/text/tree.js";
import type { Location } from "./location.js";

/** A layer of the file: its message, and its place in the text. */
export class LintLayer {
  /** The message after Caffe's upgrades, in the current form. */
  readonly message: LayerParameter;
  /** The message before upgrades; undefined for V0 and V1 layers, and for layers that an upgrade made. */
  readonly written: LayerParameter | undefined;
  /** The field of the file that holds it; undefined for a layer that an upgrade made. */
  readonly field: FieldNode | undefined;
  /** A layer made from the message, not set up or opened, for the facts of its class; undefined for an unknown type. */
  readonly facts: Layer | undefined;

  constructor(
    message: LayerParameter,
    written: LayerParameter | undefined,
    field: FieldNode | undefined,
    facts: Layer | undefined,
  ) {
    this.message = message;
    this.facts = facts;
    this.written = written;
    this.field = field;
  }

  get name(): string {
    return this.message.name;
  }

  get type(): string {
    return this.message.type;
  }

  /** `layer "conv1" (Convolution)`, to start a message with. */
  get label(): string {
    return `layer "${this.name}" (${this.type})`;
  }

  /** The fields between its braces, which a fix may change, if it is written in the current form. */
  get body(): MessageNode | undefined {
    const { field } = this;
    return field?.name === "layer" && field.value?.kind === "message" ? field.value : undefined;
  }

  /** All fields at a path such as `batch_norm_param`, `use_global_stats`. The last one counts for a singular field. */
  fields(...path: readonly string[]): readonly FieldNode[] {
    return this.body ? fieldsAt(this.body, path) : [];
  }

  /** The values at such a path, each with the field that holds it. The values of a list are separate. */
  values(...path: readonly string[]): readonly { readonly field: FieldNode; readonly value: ValueNode }[] {
    return this.fields(...path).flatMap((field) => {
      const values = field.value?.kind === "list" ? field.value.values : field.value ? [field.value] : [];
      return values.map((value) => ({ field, value }));
    });
  }

  /** The place of a field; the place of the layer if the field is not given. */
  at(...path: readonly string[]): Location {
    return (path.length > 0 ? this.fields(...path).at(-1) : undefined) ?? this.field ?? { line: 1, column: 1 };
  }

  /** The fields around the one at the end of `path`, the innermost first, for `Editor.remove`. */
  owners(field: FieldNode): readonly FieldNode[] {
    return this.body ? (around(this.body, field) ?? []) : [];
  }
}

/** All fields of `body` at a path of names. */
export function fieldsAt(
  body: { readonly fields: readonly FieldNode[] },
  path: readonly string[],
): readonly FieldNode[] {
  const [name, ...rest] = path;
  const found = body.fields.filter((field) => field.name === name);
  if (rest.length === 0) return found;
  return found.flatMap(({ value }) => (value?.kind === "message" ? fieldsAt(value, rest) : []));
}

function around(body: MessageNode, field: FieldNode): readonly FieldNode[] | undefined {
  for (const each of body.fields) {
    if (each === field) return [];
    const inner = each.value?.kind === "message" ? around(each.value, field) : undefined;
    if (inner) return [...inner, each];
  }
  return undefined;
}
