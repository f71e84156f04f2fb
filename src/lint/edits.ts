import type { FieldNode, FileNode, ListNode, MessageNode, ValueNode } from "../proto/text/tree.js";

/** `text.slice(start, end)` becomes `replacement`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** What stands between the braces of a message, or in a file. */
type Body = MessageNode | FileNode;

/**
 * Makes edits of a text that leave everything else as it stands: comments, order and layout. What is inserted takes the
 * indentation, the ends of lines and the braces of its neighbours.
 */
export class Editor {
  readonly #text: string;
  readonly #newline: string;

  constructor(text: string) {
    this.#text = text;
    this.#newline = text.includes("\r\n") ? "\r\n" : "\n";
  }

  /** Puts another value where one stands. */
  replace(value: ValueNode, replacement: string): Edit[] {
    return [{ start: value.offset, end: value.end, replacement }];
  }

  /**
   * Sets a scalar of `body` that stands within messages: `["scale_param", "bias_term"]`. Messages and field are made
   * where they are missing; of a field given several times the last counts.
   */
  set(body: Body, path: readonly string[], value: string): Edit[] {
    const [name = "", ...rest] = path;
    const node = body.fields.findLast((field) => field.name === name);
    const given = node?.value;
    if (rest.length > 0 && given?.kind === "message") return this.set(given, rest, value);
    if (rest.length === 0 && given) return this.replace(given, value);
    return this.insert(body, rest.length === 0 ? `${name}: ${value}` : wrap(path, value));
  }

  /** Adds a field, on one line, behind those that `body` has; `before` puts it in front of one of them. */
  insert(body: Body, field: string, before?: FieldNode): Edit[] {
    if (before) return this.#insertBefore(before, field);
    const last = body.fields.at(-1);
    if (last) return this.insertAfter(last, field);
    if (body.kind === "file") return [{ start: 0, end: 0, replacement: field + this.#newline }];
    const start = body.offset + 1;
    const blank = /\s/.test(this.#text.charAt(start)) ? "" : " ";
    return [{ start, end: start, replacement: ` ${field}${blank}` }];
  }

  /** Adds fields behind `node`: on lines of their own, as it is, or on its line where others share that. */
  insertAfter(node: FieldNode, ...fields: readonly string[]): Edit[] {
    const indent = this.#indentOf(node);
    const at = Math.max(node.separatorEnd, node.trailing?.end ?? 0);
    const own = indent !== undefined && this.#endsLine(at);
    const lines = fields.map((field) => {
      return own ? this.#newline + this.#indented(field, indent) : ` ${field.replaceAll(/\n\s*/g, " ")}`;
    });
    const start = own ? at : node.separatorEnd;
    return [{ start, end: start, replacement: lines.join("") }];
  }

  /**
   * Takes a field of `body` away, with its separator and, if nothing else stands on them, its lines; comments stay. A
   * message that has nothing left goes too, as far as `owners` leads: the fields around `field`, the innermost first.
   */
  remove(field: FieldNode, ...owners: readonly FieldNode[]): Edit[] {
    const [owner, ...further] = owners;
    if (owner?.value?.kind === "message" && isOnly(field, owner.value)) return this.remove(owner, ...further);
    const behind = Math.max(field.separatorEnd, field.end);
    const { start, end } = this.#stretch(field.offset, behind);
    return [{ start, end, replacement: "" }];
  }

  /** Takes one value out of a list, with the comma that parts it from its neighbour; comments stay. */
  removeValue(list: ListNode, value: ValueNode): Edit[] {
    const index = list.values.indexOf(value);
    const [left, right] = index > 0 ? [list.values[index - 1], value] : [value, list.values[1]];
    if (!left || !right) return [{ start: value.offset, end: value.end, replacement: "" }];
    const between = this.#text.slice(left.end, right.offset);
    if (!between.includes("#")) {
      const [start, end] = index > 0 ? [left.end, value.end] : [value.offset, right.offset];
      return [{ start, end, replacement: "" }];
    }
    const bare = between.replaceAll(/#[^\n]*/g, (comment) => " ".repeat(comment.length));
    const comma = left.end + bare.indexOf(",");
    return [
      { start: value.offset, end: value.end, replacement: "" },
      { start: comma, end: comma + 1, replacement: "" },
    ];
  }

  /** One step of indentation in this text. */
  step(body: Body): string {
    for (const { value } of body.fields) {
      const inner = value?.kind === "message" ? value.fields[0] : undefined;
      const indent = inner && this.#indentOf(inner);
      if (indent) return indent;
    }
    return "  ";
  }

  #insertBefore(node: FieldNode, field: string): Edit[] {
    const indent = this.#indentOf(node);
    const replacement =
      indent === undefined
        ? `${field.replaceAll(/\n\s*/g, " ")} `
        : `${this.#indented(field, indent).trimStart()}${this.#newline}${indent}`;
    return [{ start: node.offset, end: node.offset, replacement }];
  }

  /** The blanks before a node that starts its line; nothing if something else stands before it. */
  #indentOf({ offset }: FieldNode): string | undefined {
    const start = this.#text.lastIndexOf("\n", offset - 1) + 1;
    const before = this.#text.slice(start, offset);
    return /^\s*$/.test(before) ? before : undefined;
  }

  #endsLine(at: number): boolean {
    return /^[ \t\r]*(\n|$)/.test(this.#text.slice(at, at + 200));
  }

  #indented(field: string, indent: string): string {
    return field
      .split("\n")
      .map((line) => indent + line)
      .join(this.#newline);
  }

  /** What goes away with `start` to `end`: the whole lines if nothing else is on them, else the blanks on one side. */
  #stretch(start: number, end: number): { readonly start: number; readonly end: number } {
    const text = this.#text;
    const lineStart = text.lastIndexOf("\n", start - 1) + 1;
    const lineEnd = text.indexOf("\n", end);
    const before = text.slice(lineStart, start);
    const behind = text.slice(end, lineEnd === -1 ? text.length : lineEnd);
    if (before.trim() === "" && behind.trim() === "") {
      return { start: lineStart, end: lineEnd === -1 ? text.length : lineEnd + 1 };
    }
    const blanks = /^[ \t]*/.exec(behind)?.[0].length ?? 0;
    const keepsGap = behind.trim().startsWith("#") && before.trim() !== "";
    return { start, end: end + (keepsGap ? 0 : blanks) };
  }
}

/** Applies edits of one text, which must not overlap; those at one place in the order given. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = "";
  let at = 0;
  for (const { start, end, replacement } of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, start) + replacement;
    at = end;
  }
  return result + text.slice(at);
}

/** Whether both would change the same characters, or insert at one place. */
export function overlap(a: Edit, b: Edit): boolean {
  return a.start === b.start || (a.start < b.end && b.start < a.end);
}

function wrap([name = "", ...rest]: readonly string[], value: string): string {
  return rest.length === 0 ? `${name}: ${value}` : `${name} { ${wrap(rest, value)} }`;
}

/** Whether `body` has nothing but this field, and no comment that would be lost with it. */
function isOnly(field: FieldNode, body: MessageNode): boolean {
  const comments = [...body.dangling, ...field.leading, body.opening, field.trailing];
  return body.fields.length === 1 && body.fields[0] === field && comments.every((comment) => comment === undefined);
}
