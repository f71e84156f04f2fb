import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import type { LintOptions } from "../api/lint.js";
import { withNets } from "../api/lint-with-nets.js";
import { configName, nearestConfig } from "../lint/config-file.js";
import type { Finding, Levels } from "../lint/lint.js";
import { type DecodedText, decodeText } from "../util/encoding.js";
import { foldersAbove } from "../util/paths.js";
import { option, repeated, type Values } from "./command.js";
import { addNamed, integer, knownRanksOptions, list, phases } from "./options.js";
import { printError } from "./print.js";

/** Options of both `moka lint` and `moka fix`. */
export const lintOptions = {
  solver: option("--solver <file>", "the solver that trains the net, for rules that ask for it"),
  weights: option("--weights <files>", "its caffemodel, or several separated by commas, for rules that ask for it"),
  phase: option("--phase <phase>", "look at one phase only; default: both, or those of the solver's nets", phases),
  level: option(
    "--level <n>",
    "look at the net of this level only, for include and exclude rules",
    integer(-(2 ** 31)),
  ),
  stages: option("--stage <names>", "look at the net of these stages only, separated by commas", list),
  ...knownRanksOptions,
  config: option("--config <file>", `settings; default: the nearest ${configName} around each file`),
  rules: repeated(
    "--rule <id=level>",
    "off, info, warning or error, for one rule; may be given again",
    addNamed("a rule and a level, as id=off"),
    {},
  ),
};

type LintFlags = Values<typeof lintOptions>;

/** A text to lint: a file, or the text read from stdin. */
export interface LintInput {
  /** The first argument of the API's `lint` and `fix`. */
  readonly pathOrText: string;
  /** The name that is shown. */
  readonly file: string;
  readonly options: LintOptions;
  /** The text and encoding of stdin, for writing it back; undefined for a file. */
  readonly stdin: DecodedText | undefined;
}

/**
 * Calls `work` once for each file and for each net that a solver among them names, as `withNets` does. A missing net is
 * reported on stderr.
 *
 * @param paths paths of files; `-` is stdin, of which the nets are not looked at
 */
export async function forEachFile<
  Result extends { readonly nets: readonly string[]; readonly findings: readonly Finding[] },
>(
  paths: readonly string[],
  flags: LintFlags,
  work: (input: LintInput) => Promise<Result | undefined>,
): Promise<readonly Result[]> {
  const { weights, phase, level, stages, ranks, syncBatchNorm } = flags;
  const levelsOf = levelsByFolder(flags);
  const workOn = async (path: string, solver = flags.solver) => {
    const rules = await levelsOf(path === "-" ? "." : dirname(path));
    const options = { phase, level, stages, ranks, syncBatchNorm, solver, weights, rules };
    const result = await work(await inputOf(path, options));
    return path === "-" && result ? { ...result, nets: [] } : result;
  };
  const onMissing = (solver: string, net: string) => printError(`${solver} names the net ${net}, which is not there\n`);
  return [...(await withNets(paths, workOn, { exists: existsSync, onMissing })).values()];
}

/** The text on stdin, with its encoding. */
export async function readStdin(): Promise<DecodedText> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return decodeText(Buffer.concat(chunks));
}

async function inputOf(path: string, options: LintOptions): Promise<LintInput> {
  if (path !== "-") return { pathOrText: path, file: path, options, stdin: undefined };
  const stdin = await readStdin();
  const file = "<stdin>";
  const pathOrText = stdin.text.includes("\n") ? stdin.text : `${stdin.text}\n`; // a text without a line end would be taken for a path
  return { pathOrText, file, options: { ...options, file }, stdin };
}

/** Finds the levels of rules for a folder: from `--config` or the nearest settings file. `--rule` overrides both. */
function levelsByFolder({ config, rules }: LintFlags): (folder: string) => Promise<Levels> {
  const known = new Map<string | undefined, Promise<Levels>>();
  return async (folder) => {
    const path = config ?? (await configOf(folder));
    const levels = known.get(path) ?? readLevels(path, rules);
    known.set(path, levels);
    return levels;
  };
}

async function configOf(folder: string): Promise<string | undefined> {
  const { createFiles } = await import("#platform");
  return nearestConfig([folder, ...foldersAbove(resolve(folder))], createFiles());
}

async function readLevels(path: string | undefined, flags: Readonly<Record<string, string>>): Promise<Levels> {
  const { checkLevels, parseConfig } = await import("../lint/config.js");
  const { rules } = await import("../lint/rules/index.js");
  const { createFiles } = await import("#platform");
  const given = checkLevels(flags, rules, "--rule");
  return path === undefined ? given : { ...parseConfig(await createFiles().readText(path), path, rules), ...given };
}

/** A path for programs that read the output: relative if the file is below the working directory. */
export function belowHere(path: string): string {
  const way = relative(process.cwd(), path);
  return way.startsWith("..") || isAbsolute(way) || path.startsWith("<") ? path : way;
}

/** The documentation page of a rule, in Markdown; undefined if there is none. */
export async function rulePage(id: string): Promise<string | undefined> {
  return readFile(new URL(`../../docs/lint/${id}.md`, import.meta.url), "utf8").catch(() => undefined);
}
