import { createImages } from "#platform";
import { type KnownRanksOptions, knownRanks } from "../core/known-ranks.js";
import type { StateOptions } from "../core/net-state.js";
import { WeightFileStore } from "../data/weight-files.js";
import { createCatalog } from "../layers/registry.js";
import { checkLevels } from "../lint/config.js";
import { fixText } from "../lint/fix.js";
import { type Finding, type FoundProblem, type Levels, lintText } from "../lint/lint.js";
import type { LintContext } from "../lint/read-net.js";
import { isSolver, readSolver } from "../lint/read-solver.js";
import { rules } from "../lint/rules/index.js";
import { Source } from "../lint/source.js";
import { type FilesOptions, openFiles } from "../platform/open-files.js";
import type { NetParameter } from "../proto/gen/caffe_pb.js";
import type { Weights } from "../proto/weight-sources.js";
import { netFilesOf } from "../solvers/solver-nets.js";
import { decodeText, type Encoding, encodeText } from "../util/encoding.js";
import { type FileSource, type Files, isPath, sourceName } from "../util/files.js";
import { silent } from "../util/log.js";
import { checkOptions } from "../util/options.js";
import { isText, type NetSource, readTextBytes, type SolverSource, type Text, textOf } from "./read-text.js";

export interface LintOptions extends StateOptions, FilesOptions, KnownRanksOptions {
  /** The prototxt of the net's solver: a file, its text, or the message. For rules about learning rates and similar values. */
  readonly solver?: SolverSource | undefined;
  /** The net's weights: files or messages, of which the last that has a layer counts. */
  readonly weights?: Weights | undefined;
  /** Severities by rule id, instead of the rules' own; `off` turns a rule off. */
  readonly rules?: Levels | undefined;
  /** The only phase to look at. Default: both, or those of the solver's nets that are this one. */
  readonly phase?: "TRAIN" | "TEST" | undefined;
  /** The name of the file, if its text or bytes are given. */
  readonly file?: string | undefined;
}

export interface LintResult {
  /** The path, if one was given, or the option `file`. */
  readonly file: string | undefined;
  readonly text: string;
  /** The problems, in the order of the text. */
  readonly findings: readonly FoundProblem[];
  /** For a solver: the files of the nets that it names. Each can be linted with this solver. */
  readonly nets: readonly string[];
}

export interface FixResult extends Pick<LintResult, "file" | "nets"> {
  /** The given text. */
  readonly before: string;
  /** The repaired text. */
  readonly text: string;
  /** The repaired text in the encoding of the file. */
  readonly bytes: Uint8Array;
  /** The repaired problems, with their places in the text in which they were found. */
  readonly fixed: readonly Finding[];
  /** The remaining problems, with their places in the new text. */
  readonly findings: readonly Finding[];
  /** The weights for the new text, if `weights` were given and do not fit it. */
  readonly weights: NetParameter | undefined;
}

/**
 * Looks for mistakes in a net, or in a solver and the nets within its text.
 *
 * @param source a prototxt: its path or address, or its text (see `NetSource`); its bytes, a `Blob`, or the message, of
 *   which the text is looked at that `formatNet` prints
 * @throws MokaError `MOKA_FILE` for a file that cannot be read, `MOKA_USAGE` for rules and levels that do not exist, or a wrong number of ranks;
 *   problems of the text itself are findings
 * @example
 * ```ts
 * const { findings } = await lint("train_val.prototxt", { solver: "solver.prototxt" });
 * for (const { rule, severity, line, message } of findings) console.log(line, severity, rule, message);
 * ```
 */
export async function lint(source: NetSource | SolverSource, options: LintOptions = {}): Promise<LintResult> {
  checkOptions("lint", options);
  const { read, context, levels } = await prepare(source, options);
  const { file, text } = read;
  const findings = await lintText(text, file, rules, levels, context);
  return { file, text, findings, nets: await netsOf(read, context.files) };
}

/**
 * Repairs what `lint` finds, where that is safe. Comments, order and layout of the text stay. No file is written.
 *
 * @param source as for `lint`
 * @throws MokaError as `lint` does
 * @example
 * ```ts
 * const { text, fixed, findings } = await fix("train_val.prototxt");
 * console.log(`${fixed.length} repaired, ${findings.length} left`);
 * ```
 */
export async function fix(source: NetSource | SolverSource, options: LintOptions = {}): Promise<FixResult> {
  checkOptions("fix", options);
  const { read, context, levels } = await prepare(source, options);
  const { file, text: before, encoding } = read;
  const { text, fixed, findings, weights } = await fixText(before, file, rules, levels, context);
  const bytes = encodeText(text, encoding);
  return { file, before, text, bytes, fixed, findings, weights, nets: await netsOf({ file, text }, context.files) };
}

/** A text and its encoding in the file. */
interface EncodedText extends Text {
  readonly encoding: Encoding;
}

async function prepare(source: NetSource | SolverSource, options: LintOptions) {
  const { rules: ruleLevels = {}, solver, weights, phase, level, stages } = options;
  const files = openFiles(options);
  const levels = checkLevels(ruleLevels, rules, "rules");
  const read = await readEncoded(textOf(source), options.file, files);
  const solverText = solver === undefined ? undefined : await readEncoded(textOf(solver), undefined, files);
  const context: LintContext = {
    catalog: createCatalog(),
    files,
    images: createImages(),
    state: phase === undefined && level === undefined && stages === undefined ? undefined : { phase, level, stages },
    knownRanks: knownRanks(options),
    solver: solverText && readSolver(new Source(solverText.text, solverText.file)).message,
    weights: weights === undefined ? undefined : await readWeights(weights, files),
  };
  return { read, context, levels };
}

/** Unlike `readText`, preserves a byte order mark and bytes that are not UTF-8, which a repaired text must have too. */
async function readEncoded(source: FileSource, name: string | undefined, files: Files): Promise<EncodedText> {
  if (isText(source)) return { text: source, file: name, encoding: "utf-8" };
  const file = sourceName(source);
  return { ...decodeText(await readTextBytes(source, files)), file: isPath(source) ? file : (name ?? file) };
}

async function readWeights(weights: Weights, files: Files): Promise<NetParameter> {
  return new WeightFileStore(files, silent).readAll(weights);
}

/** The resolved paths of the nets that a solver names; none for the text of a net. */
export async function netsOf({ text, file }: Text, files: Files): Promise<readonly string[]> {
  if (!/^\s*(?:train_|test_)?net\s*[:="']/m.test(text)) return []; // saves reading most nets again
  const source = new Source(text, file);
  if (!isSolver(source)) return [];
  const names = netFilesOf(readSolver(source).message);
  return Promise.all(names.map((name) => files.resolve(name, file)));
}
