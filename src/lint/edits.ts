import type { FieldNode, FileNode, ListNode, MessageNode, ValueNode } from "../proto/text/tree.js";
import type { Edit } from "../util/edit.js";
import { memoized } from "../util/memoized.js";

export type { Edit } from "../util/edit.js";

/** A message or a whole file. */
type Body = MessageNode | FileNode;

/**
 * Makes edits of a text that keep its comments, order and layout. Inserted fields take the indentation and the line
 * ends of their neighbours.
 */
export class Editor {
  readonly #text: string;
  readonly #newline: string;

  constructor(text: string) {
    this.#text = text;
    this.#newline = text.includes("\r\n") ? "\r\n" : "\n";
  }

  /** Replaces a value. */
  replace(value: ValueNode, replacement: string): Edit[] {
    return [{ start: value.offset, end: value.end, replacement }];
  }

  /**
   * Sets the scalar of `body` at a path such as `["scale_param", "bias_term"]`. Missing messages and fields are added;
   * of a field that is given several times the last one is set.
   */
  set(body: Body, path: readonly string[], value: string): Edit[] {
    const [name = "", ...rest] = path;
    const node = body.fields.findLast((field) => field.name === name);
    const given = node?.value;
    if (rest.length > 0 && given?.kind === "message") return this.set(given, rest, value);
    if (rest.length === 0 && given) return this.replace(given, value);
    return this.insert(body, rest.length === 0 ? `${name}: ${value}` : wrap(path, value));
  }

  /** Adds a field on one line after the fields of `body`, or in front of the field `before`. */
  insert(body: Body, field: string, before?: FieldNode): Edit[] {
    if (before) return this.#insertBefore(before, field);
    const last = body.fields.at(-1);
    if (last) return this.insertAfter(last, field);
    if (body.kind === "file") return [{ start: 0, end: 0, replacement: field + this.#newline }];
    const start = body.offset + 1;
    const blank = /\s/.test(this.#text.charAt(start)) ? "" : " ";
    return [{ start, end: start, replacement: ` ${field}${blank}` }];
  }

  /** Adds fields after `node`: on lines of their own if it has one, else on its line. */
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
   * Removes a field and its separator, and its lines if nothing else stands on them; comments stay. A message that
   * becomes empty is removed too, if its field is one of `owners`: the fields around `field`, innermost first.
   */
  remove(field: FieldNode, ...owners: readonly FieldNode[]): Edit[] {
    const [owner, ...further] = owners;
    if (owner?.value?.kind === "message" && isOnly(field, owner.value)) return this.remove(owner, ...further);
    const behind = Math.max(field.separatorEnd, field.end);
    const { start, end } = this.#removedRange(field.offset, behind);
    return [{ start, end, replacement: "" }];
  }

  /** Removes one value of a list and the comma between it and its neighbour; comments stay. */
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

  /** The indentation of one level in this text: that of the first nested field, or two spaces. */
  readonly indentation: (body: Body) => string = memoized((body) => {
    for (const { value } of body.fields) {
      const inner = value?.kind === "message" ? value.fields[0] : undefined;
      const indent = inner && this.#indentOf(inner);
      if (indent) return indent;
    }
    return "  ";
  });

  #insertBefore(node: FieldNode, field: string): Edit[] {
    const indent = this.#indentOf(node);
    const replacement =
      indent === undefined
        ? `${field.replaceAll(/\n\s*/g, " ")} `
        : `${this.#indented(field, indent).trimStart()}${this.#newline}${indent}`;
    return [{ start: node.offset, end: node.offset, replacement }];
  }

  /** The blanks before a node that starts its line; undefined if other text stands before it. */
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

  /** The range to remove for `start` to `end`: whole lines if nothing else is on them, else with the blanks after it. */
  #removedRange(start: number, end: number): { readonly start: number; readonly end: number } {
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

/**
 * Applies edits of one text, which must not overlap; edits at one place are applied in the order given. Where an
 * edit would join two words, or put text into a comment, a space or a line end is put between.
 *
 * @example
 * ```ts
 * const text = 'layer { name: "relu" type: "Relu" }';
 * for (const { fix } of (await lint(`${text}\n`)).findings) if (fix) console.log(applyEdits(text, fix.edits));
 * ```
 */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  const add = (part: string) => {
    if (part !== "") parts.push(separator(parts.at(-1) ?? "", part), part);
  };
  let at = 0;
  for (const { start, end, replacement } of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (start === end && replacement === "") continue;
    add(text.slice(at, start));
    add(replacement);
    at = end;
  }
  add(text.slice(at));
  return parts.join("");
}

/** A line that ends in a comment. */
const inComment = /^(?:[^"'#\n]|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')*#[^\n]*$/;
const wordCharacter = /[^\s{}<>[\],;:=#"']/;
/** A minus alone is no word. */
const endsInWord = /[^\s{}<>[\],;:=#"'-]$|[^\s{}<>[\],;:=#"']-$/;

/** What has to stand between two parts of a text. */
function separator(left: string, right: string): "" | " " | "\n" {
  const lastLine = left.slice(left.lastIndexOf("\n") + 1);
  if (lastLine.includes("#") && inComment.test(lastLine)) return /^\r?\n/.test(right) ? "" : "\n";
  return endsInWord.test(left) && wordCharacter.test(right.charAt(0)) ? " " : "";
}

/** Whether both edits change the same characters, or insert at one place. */
export function overlap(a: Edit, b: Edit): boolean {
  return a.start === b.start || (a.start < b.end && b.start < a.end);
}

function wrap([name = "", ...rest]: readonly string[], value: string): string {
  return rest.length === 0 ? `${name}: ${value}` : `${name} { ${wrap(rest, value)} }`;
}

/** Whether this field is all that `body` has: removing `body` loses no other field and no comment. */
function isOnly(field: FieldNode, body: MessageNode): boolean {
  const comments = [...body.dangling, ...field.leading, body.opening, field.trailing];
  return body.fields.length === 1 && body.fields[0] === field && comments.every((comment) => comment === undefined);
}
