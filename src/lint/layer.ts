import type { Layer } from "../core/layer.js";
import type { LayerParameter } from "../proto/gen/caffe_pb.js";
import type { FieldNode, MessageNode, ValueNode } from "../proto/text/tree.js";
import type { Location } from "./location.js";

/** A layer of the file: its message, and where it stands in the text. */
export class LintLayer {
  /** As it is after Caffe's upgrades; it has today's form. */
  readonly message: LayerParameter;
  /** As it was written, before upgrades; nothing for V0 and V1 layers, and for those an upgrade made. */
  readonly written: LayerParameter | undefined;
  /** The field of the file that holds it; nothing for one an upgrade made. */
  readonly field: FieldNode | undefined;
  /** A layer of its message, neither set up nor opened, for what its class knows; nothing for a type there is not. */
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

  /** What stands between its braces, if it is written in today's form: what a fix may change. */
  get body(): MessageNode | undefined {
    const { field } = this;
    return field?.name === "layer" && field.value?.kind === "message" ? field.value : undefined;
  }

  /** All fields at a path such as `batch_norm_param`, `use_global_stats`; the last counts where only one can. */
  fields(...path: readonly string[]): readonly FieldNode[] {
    return this.body ? fieldsAt(this.body, path) : [];
  }

  /** The values at such a path, those of lists one by one, each with the field that holds it. */
  values(...path: readonly string[]): readonly { readonly field: FieldNode; readonly value: ValueNode }[] {
    return this.fields(...path).flatMap((field) => {
      const values = field.value?.kind === "list" ? field.value.values : field.value ? [field.value] : [];
      return values.map((value) => ({ field, value }));
    });
  }

  /** Where a field stands; where it is not written, the layer. */
  at(...path: readonly string[]): Location {
    return (path.length > 0 ? this.fields(...path).at(-1) : undefined) ?? this.field ?? { line: 1, column: 1 };
  }

  /** Fields around the one at the end of `path`, the innermost first, to give to `Editor.remove`. */
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
