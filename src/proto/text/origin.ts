import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { Place } from "../../util/errors.js";
import type { Comments, MessageComments, Source, UnknownField } from "../source.js";
import { layoutOf } from "./layout.js";
import type { Comment, FieldNode, FileNode, MessageNode, ValueNode } from "./tree.js";

/** What all messages of a text have in common. */
export interface Reading {
  readonly file: string | undefined;
  /** The values that no field could take. */
  readonly rejected: ReadonlySet<ValueNode>;
}

/** A message of the tree, and the field that gives it, unless it is the file itself. */
interface Part {
  readonly node: FieldNode | undefined;
  readonly body: MessageNode | FileNode;
}

/**
 * What is known of where a message came from. It keeps its part of the tree, and makes places and comments of that
 * when somebody asks.
 */
export class Origin implements Source, MessageComments {
  /** What the message has no place for. */
  unknown: UnknownField[] | undefined;
  /** The field that was given a value last. */
  last: DescField | undefined;
  readonly #reading: Reading;
  readonly #schema: DescMessage;
  readonly #node: FieldNode | undefined;
  readonly #body: MessageNode | FileNode;
  /** Where the message goes on, if its field is given again. */
  #more: Part[] | undefined;
  #places: ReadonlyMap<string, Place[]> | undefined;

  constructor(reading: Reading, schema: DescMessage, node: FieldNode | undefined, body: MessageNode | FileNode) {
    this.#reading = reading;
    this.#schema = schema;
    this.#node = node;
    this.#body = body;
  }

  goOn(node: FieldNode, body: MessageNode): void {
    this.#more ??= [];
    this.#more.push({ node, body });
  }

  get file(): string | undefined {
    return this.#reading.file;
  }

  get place(): Place {
    const [body, node] = [this.#body, this.#node];
    if (body.kind === "message" && node) return this.#placeOf(node, body);
    return { file: this.file, line: 1, column: 1 };
  }

  get fields(): ReadonlyMap<string, readonly Place[]> {
    this.#places ??= this.#grouped(
      () => true,
      (node, value) => this.#placeOf(node, value),
      (_, later) => later,
    );
    return this.#places;
  }

  get leading(): readonly string[] {
    return this.#around().leading;
  }

  get trailing(): string | undefined {
    return this.#around().trailing;
  }

  get opening(): string | undefined {
    for (const { body } of this.#parts()) {
      if (body.kind === "message" && body.opening) return body.opening.text;
    }
    return undefined;
  }

  get dangling(): readonly string[] {
    return this.#parts().flatMap(({ body }) => textsOf(body.dangling));
  }

  get values(): ReadonlyMap<string, readonly Comments[]> {
    return this.#grouped((field) => field.message === undefined, commentsAround, joined);
  }

  #parts(): readonly Part[] {
    return [{ node: this.#node, body: this.#body }, ...(this.#more ?? [])];
  }

  #around(): Comments {
    const around = this.#parts().map(({ node, body }) =>
      node && body.kind === "message" ? commentsAround(node, body) : noComments,
    );
    return around.reduce(joined);
  }

  #placeOf(node: FieldNode, value: ValueNode): Place {
    const { line, column } = node.value === value ? node : value;
    return { file: this.file, line, column };
  }

  /** What `of` makes of every value, by its field; of a singular field given again, what `again` makes of both. */
  #grouped<T>(
    wanted: (field: DescField) => boolean,
    of: (node: FieldNode, value: ValueNode) => T,
    again: (earlier: T, later: T) => T,
  ): Map<string, T[]> {
    const groups = new Map<string, T[]>();
    const { byName } = layoutOf(this.#schema);
    for (const node of this.#parts().flatMap(({ body }) => body.fields)) {
      const field = byName.get(node.name);
      if (!field || !wanted(field)) continue;
      for (const value of valuesFor(field, node)) {
        if (this.#reading.rejected.has(value)) continue;
        const group = groups.get(field.name);
        const [earlier] = group ?? [];
        if (!group) groups.set(field.name, [of(node, value)]);
        else if (field.fieldKind === "list" || earlier === undefined) group.push(of(node, value));
        else group[0] = again(earlier, of(node, value));
      }
    }
    return groups;
  }
}

/** The values that `node` gives a field; a singular field takes the first of a list. */
export function valuesFor(field: DescField, { value }: FieldNode): readonly ValueNode[] {
  if (!value) return [];
  if (value.kind !== "list") return [value];
  return field.fieldKind === "list" ? value.values : value.values.slice(0, 1);
}

/** The comments around a value. Those of a list go to its first and last values. */
export function commentsAround(node: FieldNode, value: ValueNode): Comments {
  const list = node.value?.kind === "list" && node.value !== value ? node.value : undefined;
  const first = !list || list.values[0] === value;
  const last = !list || list.values.at(-1) === value;
  const before = first ? [...node.leading, ...(list?.leading ?? [])] : [];
  const behind = last ? (list?.dangling ?? []) : [];
  return {
    leading: textsOf([...before, ...value.leading, ...behind]),
    trailing: last ? node.trailing?.text : undefined,
  };
}

const noComments: Comments = { leading: [], trailing: undefined };

function joined(earlier: Comments, later: Comments): Comments {
  const between = earlier.trailing !== undefined && later.trailing !== undefined ? [earlier.trailing] : [];
  return {
    leading: [...earlier.leading, ...between, ...later.leading],
    trailing: later.trailing ?? earlier.trailing,
  };
}

export function textsOf(comments: readonly Comment[]): string[] {
  return comments.map(({ text }) => text);
}
