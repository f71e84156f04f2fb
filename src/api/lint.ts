import { createFiles, createImages } from "#platform";
import { Catalog } from "../core/catalog.js";
import { layers } from "../layers/index.js";
import { checkLevels } from "../lint/config.js";
import { fixText } from "../lint/fix.js";
import { type Finding, type FoundProblem, type Levels, lintText } from "../lint/lint.js";
import type { LintContext } from "../lint/read-net.js";
import { isSolver, netFilesOf, readSolver } from "../lint/read-solver.js";
import { rules } from "../lint/rules/index.js";
import { Source } from "../lint/source.js";
import type { NetParameter } from "../proto/gen/caffe_pb.js";
import { decodeText, type Encoding, encodeText } from "../util/encoding.js";
import type { Files } from "../util/files.js";
import { silent } from "../util/log.js";
import type { Text } from "./read-text.js";

export interface LintOptions {
  /** The prototxt of what trains the net: its path, or its text. For rules that know of learning rates and the like. */
  readonly solver?: string | undefined;
  /**
   * What the net has learned: a caffemodel's path, or several separated by commas, of which the last that has a layer
   * counts; or the message itself.
   */
  readonly weights?: string | NetParameter | undefined;
  /** Other severities than the rules' own, by id; `off` leaves a rule out. */
  readonly rules?: Levels | undefined;
  /** The name of the file, where the text itself is given. */
  readonly file?: string | undefined;
  /** Where files are read. Default: the file system in Node, an empty memory in a page. */
  readonly files?: Files | undefined;
}

export interface LintResult {
  /** The path, if one was given, or the option `file`. */
  readonly file: string | undefined;
  readonly text: string;
  /** In the order of the text. */
  readonly findings: readonly FoundProblem[];
  /** Of a solver: the files of the nets it names, each of which can be looked at with this solver. */
  readonly nets: readonly string[];
}

export interface FixResult extends Pick<LintResult, "file" | "nets"> {
  /** As it was given. */
  readonly before: string;
  /** Repaired. */
  readonly text: string;
  /** The repaired text as a file: in the encoding that it was read in. */
  readonly bytes: Uint8Array;
  /** What was repaired, each at its place in the text it was found in. */
  readonly fixed: readonly Finding[];
  /** What is left, at its place in the new text. */
  readonly findings: readonly Finding[];
  /** The weights that belong to the new text, where `weights` were given and no longer do. */
  readonly weights: NetParameter | undefined;
}

/**
 * Looks for mistakes in a net, or in a solver and the nets that stand in its text.
 *
 * @param pathOrText a prototxt: its path, or, if it has a newline, its text
 * @throws MokaError `MOKA_FILE` for what cannot be read, `MOKA_USAGE` for rules and levels that do not exist; whatever is
 *   wrong with the text itself is a finding
 */
export async function lint(pathOrText: string, options: LintOptions = {}): Promise<LintResult> {
  const { source, context, levels } = await prepare(pathOrText, options);
  const { file, text } = source;
  const findings = await lintText(text, file, rules, levels, context);
  return { file, text, findings, nets: await netsOf(source, context.files) };
}

/**
 * Repairs what `lint` finds, as far as that is safe: comments, order and layout of the text stay. Nothing is written.
 *
 * @param pathOrText as for `lint`
 * @throws MokaError as `lint` does
 */
export async function fix(pathOrText: string, options: LintOptions = {}): Promise<FixResult> {
  const { source, context, levels } = await prepare(pathOrText, options);
  const { file, text: before, encoding } = source;
  const { text, fixed, findings, weights } = await fixText(before, file, rules, levels, context);
  const bytes = encodeText(text, encoding);
  return { file, before, text, bytes, fixed, findings, weights, nets: await netsOf({ file, text }, context.files) };
}

/** A text as it stands in its file. */
interface EncodedText extends Text {
  readonly encoding: Encoding;
}

async function prepare(pathOrText: string, options: LintOptions) {
  const { rules: given = {}, solver, weights, files = createFiles() } = options;
  const levels = checkLevels(given, rules, "rules");
  const source = await readSource(pathOrText, options.file, files);
  const trainer = solver === undefined ? undefined : await readSource(solver, undefined, files);
  const context: LintContext = {
    catalog: new Catalog(layers, () => {}), // nothing is filled here
    files,
    images: createImages(),
    solver: trainer && readSolver(new Source(trainer.text, trainer.file)).message,
    weights: typeof weights === "string" ? await readWeights(weights, files) : weights,
  };
  return { source, context, levels };
}

/** Unlike `readText`, keeps what a repaired text must keep: a byte order mark, and bytes that are no UTF-8. */
async function readSource(pathOrText: string, name: string | undefined, files: Files): Promise<EncodedText> {
  if (pathOrText.includes("\n")) return { text: pathOrText, file: name, encoding: "utf-8" };
  return { ...decodeText(await files.read(pathOrText)), file: pathOrText };
}

async function readWeights(paths: string, files: Files): Promise<NetParameter> {
  const { WeightFileStore } = await import("../data/weight-files.js"); // few nets are looked at with weights
  return new WeightFileStore(files, silent).readAll(paths);
}

/** @returns the files of the nets that a solver names, as they are found from here */
async function netsOf({ text, file }: Text, files: Files): Promise<readonly string[]> {
  if (!/^\s*(?:train_|test_)?net\s*[:="']/m.test(text)) return []; // most nets need not be read again for this
  const source = new Source(text, file);
  if (!isSolver(source)) return [];
  const names = netFilesOf(readSolver(source).message);
  return Promise.all(names.map((name) => files.resolve(name, file)));
}
