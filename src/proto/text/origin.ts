import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { Place } from "../../util/errors.js";
import type { Comments, MessageComments, Source, UnknownField } from "../source.js";
import { layoutOf } from "./layout.js";
import type { Comment, FieldNode, FileNode, MessageNode, ValueNode } from "./tree.js";

/** Data that all messages of a text share. */
export interface ParseContext {
  readonly file: string | undefined;
  /** The values that their field cannot hold. */
  readonly rejected: ReadonlySet<ValueNode>;
}

/** A message in the tree and its field; the file itself has no field. */
interface Part {
  readonly node: FieldNode | undefined;
  readonly body: MessageNode | FileNode;
}

/**
 * Where a message came from. It holds the message's part of the tree, and makes places and comments from it on
 * demand.
 */
export class Origin implements Source, MessageComments {
  /** The fields of the text that the message cannot hold. */
  unknown: UnknownField[] | undefined;
  /** The last field that was given a value. */
  last: DescField | undefined;
  readonly #context: ParseContext;
  readonly #schema: DescMessage;
  readonly #node: FieldNode | undefined;
  readonly #body: MessageNode | FileNode;
  /** Further parts of the message, if the text gives its field again. */
  #more: Part[] | undefined;
  #places: ReadonlyMap<string, Place[]> | undefined;

  constructor(context: ParseContext, schema: DescMessage, node: FieldNode | undefined, body: MessageNode | FileNode) {
    this.#context = context;
    this.#schema = schema;
    this.#node = node;
    this.#body = body;
  }

  addPart(node: FieldNode, body: MessageNode): void {
    this.#more ??= [];
    this.#more.push({ node, body });
  }

  get file(): string | undefined {
    return this.#context.file;
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
    return this.#grouped((field) => field.message === undefined, commentsAround, joinComments);
  }

  #parts(): readonly Part[] {
    return [{ node: this.#node, body: this.#body }, ...(this.#more ?? [])];
  }

  #around(): Comments {
    const around = this.#parts().map(({ node, body }) =>
      node && body.kind === "message" ? commentsAround(node, body) : noComments,
    );
    return around.reduce(joinComments);
  }

  #placeOf(node: FieldNode, value: ValueNode): Place {
    const { line, column } = node.value === value ? node : value;
    return { file: this.file, line, column };
  }

  /** The result of `of` for every value, by field. `merge` joins those of a singular field that is given again. */
  #grouped<T>(
    wanted: (field: DescField) => boolean,
    of: (node: FieldNode, value: ValueNode) => T,
    merge: (earlier: T, later: T) => T,
  ): Map<string, T[]> {
    const groups = new Map<string, T[]>();
    const { byName } = layoutOf(this.#schema);
    for (const node of this.#parts().flatMap(({ body }) => body.fields)) {
      const field = byName.get(node.name);
      if (!field || !wanted(field)) continue;
      for (const value of valuesFor(field, node)) {
        if (this.#context.rejected.has(value)) continue;
        const group = groups.get(field.name);
        const [earlier] = group ?? [];
        if (!group) groups.set(field.name, [of(node, value)]);
        else if (field.fieldKind === "list" || earlier === undefined) group.push(of(node, value));
        else group[0] = merge(earlier, of(node, value));
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

/** The comments around a value. The comments of a list belong to its first and last values. */
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

function joinComments(earlier: Comments, later: Comments): Comments {
  const between = earlier.trailing !== undefined && later.trailing !== undefined ? [earlier.trailing] : [];
  return {
    leading: [...earlier.leading, ...between, ...later.leading],
    trailing: later.trailing ?? earlier.trailing,
  };
}

export function textsOf(comments: readonly Comment[]): string[] {
  return comments.map(({ text }) => text);
}
