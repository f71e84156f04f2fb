import type { Comment, FieldNode, FileNode, MessageNode, ValueNode } from "../proto/text/tree.js";

/**
 * The findings that a file's comments turn off: `# moka-ignore rule-id, other-rule` (without ids: all rules). A comment
 * before or after a field is for that field, which may be a whole layer; one after an opening brace or last in a
 * message is for the message; `# moka-ignore-file` anywhere is for the file. Text after ` -- ` has no effect.
 */
export class Ignored {
  /** Rules that must not report, by line; `""` means all rules, line 0 the whole file. */
  readonly #rules = new Map<number, Set<string>>();

  constructor(tree: FileNode) {
    this.#fields(tree.fields);
    for (const comment of tree.dangling) this.#take(comment, { line: 0, endLine: 0 });
  }

  has(rule: string, line: number): boolean {
    return [0, line].some((each) => {
      const rules = this.#rules.get(each);
      return rules !== undefined && (rules.has("") || rules.has(rule));
    });
  }

  #fields(fields: readonly FieldNode[]): void {
    for (const field of fields) {
      for (const comment of field.leading) this.#take(comment, field);
      if (field.trailing) this.#take(field.trailing, field);
      if (field.value) this.#value(field.value, field);
    }
  }

  #value(value: ValueNode, field: FieldNode | ValueNode): void {
    for (const comment of value.leading) this.#take(comment, value);
    if (value.kind === "list") {
      for (const each of value.values) this.#value(each, each);
      for (const comment of value.dangling) this.#take(comment, value);
    } else if (value.kind === "message") this.#message(value, field);
  }

  #message(message: MessageNode, field: FieldNode | ValueNode): void {
    if (message.opening) this.#take(message.opening, field);
    this.#fields(message.fields);
    for (const comment of message.dangling) this.#take(comment, field);
  }

  #take({ text }: Comment, { line, endLine }: { readonly line: number; readonly endLine: number }): void {
    const match = /^#+\s*moka-ignore(-file)?(?=[\s:]|$):?(.*)$/.exec(text);
    if (!match) return;
    const [, file, words = ""] = match;
    const ids = words.replace(/\s--(\s.*)?$/, "").split(/[\s,]+/);
    const named = ids.filter((id) => id !== "");
    for (let each = file ? 0 : line; each <= (file ? 0 : endLine); each++) {
      const rules = this.#rules.get(each) ?? new Set();
      for (const id of named.length > 0 ? named : [""]) rules.add(id);
      this.#rules.set(each, rules);
    }
  }
}
