import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { buildMessage } from "../proto/text/builder.js";
import type { TextIssue } from "../proto/text/index.js";
import { Issues } from "../proto/text/issues.js";
import { parseTree } from "../proto/text/parser.js";
import type { FileNode } from "../proto/text/tree.js";
import { inTodaysForm, type MixedForms } from "./mixed-forms.js";

/** A text that is parsed once, for messages of any schema. */
export class Source {
  readonly text: string;
  readonly file: string | undefined;
  /** The fields as they are written, but for layers of mixed forms, which have today's names. */
  readonly tree: FileNode;
  /** What is written partly in today's form of layers and partly in V1's: first at the top, then within a solver's nets. */
  readonly mixed: readonly MixedForms[];
  readonly #meant: FileNode;
  readonly #issues = new Issues();

  constructor(text: string, file: string | undefined) {
    this.text = text;
    this.file = file;
    const written = parseTree(text, this.#issues);
    const { tree, meant, mixed } = inTodaysForm(written);
    this.tree = tree;
    this.mixed = mixed;
    this.#meant = meant;
  }

  /** A new message from the text, and all issues of the reader. */
  message<Schema extends DescMessage>(schema: Schema): Parsed<MessageShape<Schema>> {
    const issues = new Issues();
    for (const { code, message, ...place } of this.#issues.sorted()) issues.add(code, place, message);
    const message = buildMessage(schema, this.#meant, issues, this.file);
    return { message, issues: issues.sorted() };
  }

  /** The number of the text's fields that a message of this schema does not have. */
  unknownIn(schema: DescMessage): number {
    const names = new Set(schema.fields.map(({ name }) => name));
    return this.tree.fields.filter(({ name }) => !names.has(name)).length;
  }
}

interface Parsed<T> {
  readonly message: T;
  readonly issues: readonly TextIssue[];
}
