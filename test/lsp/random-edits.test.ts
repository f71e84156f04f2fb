// 10⁴ edits at random places, as an editor sends them: the server answers on, and has the text that the editor has.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ResponseError, type SemanticTokens } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { lint } from "../../src/api/lint.js";
import { tokensOf } from "../../src/language/index.js";
import { Places } from "../../src/lsp/positions.js";
import { semanticTokens } from "../../src/lsp/semantic-tokens.js";
import { Dice } from "../dice.js";
import { Editor } from "./editor.js";

const edits = 10_000;
const path = "/nowhere/random.prototxt";
const base = readFileSync(new URL("../../examples/article/train_val.prototxt", import.meta.url), "utf8");

/** Pieces that do harm: alone, and among what a person types. */
const pieces = [
  ...[
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    '"',
    "'",
    "#",
    ":",
    ",",
    ";",
    "\\",
    "-",
    "\n",
    "\r",
    "\r\n",
    "\t",
    " ",
    "\0",
    "\ufeff",
  ],
  ...["😀", "\ud83d", "\ude00", "γ", "：", "0x", "1e999", ".", "inf", "true", "layer", "layers", "top", "type"],
  ...['layer { name: "a" type: "ReLU" bottom: "conv1" top: "conv1" }\n', "batch_norm_param { use_global_stats: true }"],
  ...['include { phase: TEST stage: "x" }', "param { lr_mult: 0 }", 'net: "net.prototxt"\n', "base_lr: 0.01\n"],
  ...[
    "# moka-ignore\n",
    "# moka-ignore-file\n",
    'bottom: "',
    "convolution_param {",
    "dim: [1, 2",
    "transform_param { scale: ",
  ],
];

const questions = [
  ...["completion", "hover", "definition", "documentHighlight", "prepareRename", "documentSymbol", "foldingRange"],
  ...["semanticTokens/full", "references", "rename", "formatting", "codeAction"],
];

/** A document as an editor changes it, by offsets. */
class Typed {
  text = base;
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** An edit, applied, in the form of the protocol; undefined where the protocol has no position for the place, within a `\r\n`. */
  edit() {
    const dice = this.#dice;
    const document = TextDocument.create("", "", 0, this.text);
    const start = dice.below(this.text.length + 1);
    const isLarge = this.text.length > 1.2 * base.length;
    const length = dice.chance(isLarge ? 0.8 : 0.45) ? dice.below(dice.chance(0.05) ? 400 : 12) : 0;
    const end = Math.min(start + length, this.text.length);
    const range = { start: document.positionAt(start), end: document.positionAt(end) };
    if (document.offsetAt(range.start) !== start || document.offsetAt(range.end) !== end) return undefined;
    const text = length > 0 && dice.chance(0.5) ? "" : this.#piece();
    this.text = this.text.slice(0, start) + text + this.text.slice(end);
    return { range, text };
  }

  #piece(): string {
    if (this.#dice.chance(0.6)) return this.#dice.of(pieces);
    const from = this.#dice.below(base.length);
    return base.slice(from, from + this.#dice.below(60));
  }

  get position() {
    return TextDocument.create("", "", 0, this.text).positionAt(this.#dice.below(this.text.length + 1));
  }
}

test(`${edits} random edits`, async () => {
  const dice = new Dice(17);
  const typed = new Typed(dice);
  const editor = await Editor.start();
  editor.open(path, typed.text);
  let done = 0;
  const asked: Promise<unknown>[] = [];
  const check = async () => {
    const tokens = await editor.ask<SemanticTokens>("semanticTokens/full", path);
    expect(tokens).toEqual(semanticTokens(tokensOf(typed.text), new Places(typed.text)));
    const { findings } = await lint(new TextEncoder().encode(typed.text), { file: path });
    const places = new Places(typed.text);
    const expected = findings.map((finding) => [
      finding.rule,
      finding.message,
      places.range(places.spanOf(finding)).start,
    ]);
    const shown = (await editor.diagnostics(path)).map(({ code, message, range }) => [
      code,
      String(message).split("\n")[0],
      range.start,
    ]);
    expect(shown).toEqual(expected);
  };
  for (let round = 0; done < edits; round++) {
    const changes = Array.from({ length: 1 + dice.below(8) }, () => typed.edit()).filter((edit) => edit !== undefined);
    done += changes.length;
    editor.change(path, ...changes);
    if (round % 20 === 0) {
      const method = dice.of(questions);
      const { position } = typed;
      const params = { position, newName: dice.of(pieces), range: { start: position, end: position }, context: {} };
      const answer = editor.ask(method, path, { ...params, options: {} });
      // A name or a text that is refused is answered with the reason.
      asked.push(answer.catch((error) => expect([method, error]).toEqual([method, expect.any(ResponseError)])));
      await answer.catch(() => undefined);
    }
    if (round % 500 === 499) await check();
  }
  await check();
  await Promise.all(asked);
  expect(editor.logged).toEqual([]);
  await editor.shutDown();
});
