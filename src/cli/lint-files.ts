import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, relative, resolve } from "node:path";
import type { LintOptions } from "../api/lint.js";
import type { Finding, Levels } from "../lint/lint.js";
import { type DecodedText, decodeText } from "../util/encoding.js";
import { option, repeated, type Values } from "./command.js";
import { addNamed, integer, knownRanksOptions, list, phases } from "./options.js";
import { printError } from "./print.js";

/** The name of the settings file. It is searched for in the folder of the linted file and in its parents. */
const configName = "moka.config.json";

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
 * Calls `work` once for each file and for each net that a solver among them names. Such a net is linted with its solver.
 * What is found in two nets of a solver is in the results once. They keep the order in which files are first named; files
 * for which there is none are left out. A missing net is reported on stderr.
 *
 * @param paths paths of files; `-` is stdin
 */
export async function forEachFile<
  Result extends { readonly nets: readonly string[]; readonly findings: readonly Finding[] },
>(
  paths: readonly string[],
  flags: LintFlags,
  work: (input: LintInput) => Promise<Result | undefined>,
): Promise<readonly Result[]> {
  const results = new Map<string, Result | undefined>();
  const withSolver = new Set<string>();
  const levelsOf = levelsByFolder(flags);
  for (const path of paths.map((each) => (each === "-" ? each : normalize(each)))) {
    if (results.has(path)) continue;
    const { solver, weights, phase, level, stages, ranks, syncBatchNorm } = flags;
    const common = { phase, level, stages, ranks, syncBatchNorm };
    const options = { ...common, solver, weights, rules: await levelsOf(path === "-" ? "." : dirname(path)) };
    const result = await work(await inputOf(path, options));
    results.set(path, result);
    for (const net of result?.nets.map(normalize) ?? []) {
      if (withSolver.has(net) || path === "-") continue;
      if (!existsSync(net)) {
        printError(`${path} names the net ${net}, which is not there\n`);
        continue;
      }
      withSolver.add(net);
      const rules = await levelsOf(dirname(net));
      results.set(net, await work(await inputOf(net, { ...common, solver: path, weights, rules })));
    }
  }
  const done = new Set([...results].flatMap(([file, result]) => (result ? [file] : [])));
  return [...results.values()]
    .filter((result) => result !== undefined)
    .map((result) => {
      const isElsewhere = ({ elsewhere }: Finding) => elsewhere !== undefined && done.has(normalize(elsewhere));
      return { ...result, findings: result.findings.filter((finding) => !isElsewhere(finding)) };
    });
}

async function inputOf(path: string, options: LintOptions): Promise<LintInput> {
  if (path !== "-") return { pathOrText: path, file: path, options, stdin: undefined };
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const stdin = decodeText(Buffer.concat(chunks));
  const file = "<stdin>";
  const pathOrText = stdin.text.includes("\n") ? stdin.text : `${stdin.text}\n`; // a text without a line end would be taken for a path
  return { pathOrText, file, options: { ...options, file }, stdin };
}

/** Finds the levels of rules for a folder: from `--config` or the nearest settings file. `--rule` overrides both. */
function levelsByFolder({ config, rules }: LintFlags): (folder: string) => Promise<Levels> {
  const known = new Map<string | undefined, Promise<Levels>>();
  return (folder) => {
    const path = config ?? nearestConfig(folder);
    const levels = known.get(path) ?? readLevels(path, rules);
    known.set(path, levels);
    return levels;
  };
}

function nearestConfig(folder: string): string | undefined {
  const path = join(folder, configName);
  if (existsSync(path)) return path;
  const parent = resolve(folder, "..");
  return parent === resolve(folder) ? undefined : nearestConfig(parent);
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
