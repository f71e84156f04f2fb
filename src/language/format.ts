import { Issues } from "../proto/text/issues.js";
import { parseTree } from "../proto/text/parser.js";
import type { Body, Comment, FieldNode, FileNode, ListNode, MessageNode, ValueNode } from "../proto/text/tree.js";

/** A message that was on one line stays on one up to so many columns. */
const width = 120;
const step = "  ";

/** Issues of a text whose structure is uncertain. */
const unclear = new Set(["MOKA_TEXT_UNCLOSED", "MOKA_TEXT_DEPTH", "MOKA_TEXT_SYNTAX", "MOKA_TEXT_GLUED"]);

/**
 * A prototxt in an even layout: two blanks a level, one field a line, one blank after a colon, at most one empty line. Messages that were
 * written on one line stay so, comments stay where they are, values stay as they were written.
 *
 * @returns the text; with `refused`, the reason why it is the given one
 * @example
 * ```ts
 * const { text } = formatPrototxt('layer{name:"a"\n type : "ReLU"}');
 * console.log(text.split("\n")[1].trim()); // name: "a"
 * ```
 */
export function formatPrototxt(text: string): { readonly text: string; readonly refused?: string } {
  const issues = new Issues();
  const tree = parseTree(text.replaceAll(/\p{Surrogate}/gu, "\ufffd"), issues);
  const bad = issues.sorted().find(({ code }) => unclear.has(code));
  if (bad) return { text, refused: `${bad.line}:${bad.column}: ${bad.message}` };
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = new Printer(text).file(tree);
  const formatted = lines.length === 0 ? "" : `${lines.join("\n")}\n`;
  const result = newline === "\n" ? formatted : formatted.replaceAll(/\r?\n/g, newline);
  // Whatever the text: what is not the same afterwards is not written.
  const again = parseTree(result.replaceAll(/\p{Surrogate}/gu, "\ufffd"), new Issues());
  const isSame = contentOf(again, result) === contentOf(tree, text);
  return isSame
    ? { text: result }
    : { text, refused: "the layout of this text cannot be changed without changing its meaning" };
}

/** All that a text says: names, values and comments, in order, without blanks and separators. */
function contentOf(tree: FileNode, text: string): string {
  const parts: string[] = [];
  const comments = (all: readonly Comment[]) => parts.push(...all.map((comment) => comment.text.trimEnd()));
  const value = (node: ValueNode) => {
    comments(node.leading);
    if (node.kind === "scalar") parts.push(squeezed(text.slice(node.offset, node.end)));
    if (node.kind === "message") {
      parts.push("{");
      if (node.opening) comments([node.opening]);
      body(node);
      parts.push("}");
    }
    if (node.kind === "list") {
      parts.push("[");
      node.values.forEach(value);
      comments(node.dangling);
      parts.push("]");
    }
  };
  const body = ({ fields, dangling }: Body) => {
    for (const field of fields) {
      comments(field.leading);
      parts.push(field.name);
      if (field.value) value(field.value);
      if (field.trailing) comments([field.trailing]);
    }
    comments(dangling);
  };
  body(tree);
  return parts.join("\u0001");
}

/** A scalar without the line ends between its parts. */
function squeezed(token: string): string {
  return token.replaceAll(/\r\n/g, "\n");
}

class Printer {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  file(tree: FileNode): string[] {
    return this.#body(tree, "");
  }

  #body({ fields, dangling }: Body, indent: string): string[] {
    const lines: string[] = [];
    for (const field of fields) {
      for (const comment of field.leading) this.#item(lines, comment.offset, indent + comment.text.trimEnd());
      const [first = "", ...rest] = this.#field(field, indent);
      this.#item(lines, field.offset, first);
      lines.push(...rest);
    }
    for (const comment of dangling) this.#item(lines, comment.offset, indent + comment.text.trimEnd());
    return lines;
  }

  /** Adds a line, behind an empty one if there was at least one. */
  #item(lines: string[], offset: number, line: string): void {
    if (lines.length > 0 && this.#isBehindEmptyLine(offset)) lines.push("");
    lines.push(line);
  }

  #isBehindEmptyLine(offset: number): boolean {
    let ends = 0;
    for (let i = offset - 1; i >= 0; i--) {
      const char = this.#text[i];
      if (char === "\n" && ++ends === 2) return true;
      if (char !== "\n" && char !== " " && char !== "\t" && char !== "\r") return false;
    }
    return false;
  }

  #field(field: FieldNode, indent: string): string[] {
    const { value } = field;
    const end = field.trailing ? ` ${field.trailing.text.trimEnd()}` : "";
    if (!value) return [`${indent}${field.name}:${end}`];
    const inline = this.#inline(field);
    if (inline !== undefined && indent.length + inline.length <= width) return [indent + inline + end];
    if (value.kind === "message") return this.#message(`${indent}${field.name} `, value, indent, end);
    if (value.kind === "list") return this.#list(field.name, value, indent, end);
    return [`${indent}${field.name}: ${this.#text.slice(value.offset, value.end)}${end}`];
  }

  #message(head: string, value: MessageNode, indent: string, end: string): string[] {
    const close = value.open === "{" ? "}" : ">";
    const opening = value.opening ? ` ${value.opening.text.trimEnd()}` : "";
    return [`${head}${value.open}${opening}`, ...this.#body(value, indent + step), `${indent}${close}${end}`];
  }

  #list(name: string, { values, dangling }: ListNode, indent: string, end: string): string[] {
    const inner = indent + step;
    const lines = values.flatMap((value, i) => {
      const comments = value.leading.map((comment) => inner + comment.text.trimEnd());
      const comma = i < values.length - 1 ? "," : "";
      if (value.kind === "message") return [...comments, ...this.#message(inner, value, inner, comma)];
      return [...comments, `${inner}${this.#text.slice(value.offset, value.end)}${comma}`];
    });
    return [
      `${indent}${name}: [`,
      ...lines,
      ...dangling.map((comment) => inner + comment.text.trimEnd()),
      `${indent}]${end}`,
    ];
  }

  /** A field on one line; undefined if it was on several, or has comments inside. */
  #inline({ name, value, line, endLine, leading: _, ...field }: FieldNode): string | undefined {
    if (!value) return `${name}:`;
    if (value.leading.length > 0) return undefined;
    if (value.kind === "scalar") return `${name}: ${this.#text.slice(value.offset, value.end)}`;
    if (line !== endLine) return undefined;
    void field;
    const inner = this.#inlineValue(value);
    return inner === undefined ? undefined : value.kind === "message" ? `${name} ${inner}` : `${name}: ${inner}`;
  }

  #inlineValue(value: ValueNode): string | undefined {
    if (value.kind === "scalar") return this.#text.slice(value.offset, value.end);
    if (value.kind === "list") {
      const parts = value.values.map((each) => (each.leading.length > 0 ? undefined : this.#inlineValue(each)));
      return value.dangling.length > 0 || parts.includes(undefined) ? undefined : `[${parts.join(", ")}]`;
    }
    const hasComments =
      value.opening ||
      value.dangling.length > 0 ||
      value.fields.some(({ leading, trailing }) => trailing || leading.length > 0);
    if (hasComments) return undefined;
    const parts = value.fields.map((field) => this.#inline(field));
    if (parts.includes(undefined)) return undefined;
    const [open, close] = value.open === "{" ? ["{", "}"] : ["<", ">"];
    return parts.length === 0 ? `${open}${close}` : `${open} ${parts.join(" ")} ${close}`;
  }
}
