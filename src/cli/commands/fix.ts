import type { FixResult } from "../../api/lint.js";
import type { Finding } from "../../lint/lint.js";
import type { NetParameter } from "../../proto/gen/caffe_pb.js";
import { check } from "../../util/errors.js";
import { oneLine } from "../../util/escape.js";
import { counted } from "../../util/words.js";
import { colorsFor } from "../colors.js";
import { type Command, command, flag, operand, option } from "../command.js";
import { forEachFile, type LintInput, lintOptions } from "../lint-files.js";
import { json } from "../options.js";
import { print, printContent } from "../print.js";

/** A file with its repairs. */
interface Fixed extends Omit<FixResult, "file"> {
  readonly file: string;
}

/** `moka fix`: repairs the problems that `moka lint` finds and that can be repaired safely. */
export const fix: Command = command(
  {
    files: operand(
      "<files...>",
      "prototxts of nets and solvers, which are changed in place; - is stdin, and goes to stdout",
    ),
    diff: flag("--diff", "print the changes, and write nothing"),
    output: option("-o, --output <file>", "write to another file, of one file only; - is stdout"),
    weightsOut: option("--weights-out <file>", "where to write changed weights; default: WEIGHTS.fixed.caffemodel"),
    json,
    ...lintOptions,
  },
  async ({ files, diff, output, json, weightsOut, ...flags }) => {
    const isSingle = output !== undefined || files.includes("-");
    check(files.length === 1 || !isSingle, "MOKA_USAGE", "with --output, and from stdin, give one file");
    const toStdout = !diff && (output === "-" || (output === undefined && files[0] === "-"));
    check(!(toStdout && json), "MOKA_USAGE", "--json and the repaired text cannot both go to stdout");
    const { fix } = await import("../../api/lint.js");
    const { encodeText } = await import("../../util/encoding.js");
    const repair = async ({ pathOrText, file, options, stdin }: LintInput): Promise<Fixed> => {
      const result = await fix(pathOrText, options);
      const bytes = stdin ? encodeText(result.text, stdin.encoding) : result.bytes;
      // --output takes one text, so the nets that a solver names are not repaired.
      return { ...result, file, bytes, nets: output === undefined ? result.nets : [] };
    };
    const results = await forEachFile(files, flags, repair);
    const weights = changedWeights(results, flags.weights, weightsOut);

    if (diff) printContent(await asDiff(results));
    else await write(results, output, weights);
    const stream = diff || toStdout ? process.stderr : process.stdout;
    print(await (json ? asJson(results, weights) : asText(results, weights, diff, stream)), stream);
    return results.some(({ findings }) => findings.some(({ severity }) => severity === "error")) ? 1 : 0;
  },
  {
    help:
      "Comments, order and layout of the files stay. Where a repair changes learned parameters, the weights are changed" +
      "\ntoo and written to a new file. Exits with 1 if errors are left.",
  },
);

interface ChangedWeights {
  readonly net: NetParameter;
  readonly path: string;
}

/** The changed weights and the path to write them to. The weights that were read are never overwritten. */
function changedWeights(results: readonly Fixed[], weights = "", weightsOut?: string): ChangedWeights | undefined {
  const [first, ...more] = results.filter((result) => result.weights !== undefined);
  if (!first?.weights) return undefined;
  const names = [first, ...more].map(({ file }) => file).join(" and ");
  check(more.length === 0, "MOKA_USAGE", `the weights would be changed for ${names}: give one of them at a time`);
  if (weightsOut !== undefined) return { net: first.weights, path: weightsOut };
  const reason = "the weights of several files are changed: say with --weights-out where to write them";
  check(!weights.includes(","), "MOKA_USAGE", reason);
  const [, stem = weights, end = ".caffemodel"] = /^(.*?)(\.caffemodel(?:\.h5)?|\.h5)$/.exec(weights) ?? [];
  return { net: first.weights, path: `${stem}.fixed${end}` };
}

/** Writes the weights first, so that a net stays unchanged if they cannot be written. */
async function write(results: readonly Fixed[], output: string | undefined, weights: ChangedWeights | undefined) {
  const { createFiles } = await import("#platform");
  const { silent } = await import("../../util/log.js");
  const files = createFiles();
  if (weights) {
    const { WeightFileStore } = await import("../../data/weight-files.js");
    await new WeightFileStore(files, silent).write(weights.path, weights.net);
  }
  for (const { file, before, text, bytes } of results) {
    const target = output ?? (file === "<stdin>" ? "-" : file);
    if (target === "-") printContent(bytes);
    else if (output !== undefined || text !== before) await files.write(target, bytes);
  }
}

async function asDiff(results: readonly Fixed[]): Promise<string> {
  const { unifiedDiff } = await import("../../util/diff.js");
  const diffs = results.map(({ file, before, text }) => {
    const isBelow = !/^([/<]|\.\.|[A-Za-z]:)/.test(file);
    const names = isBelow ? { before: `a/${file}`, after: `b/${file}` } : { before: file, after: file };
    return unifiedDiff(before, text, names);
  });
  return diffs.join("");
}

async function asJson(results: readonly Fixed[], weights: ChangedWeights | undefined): Promise<string> {
  const { asJson: each } = await import("../../lint/formats/json.js");
  const files = results.map(({ file, before, text, fixed, findings }) => ({
    file,
    changed: text !== before,
    fixed: fixed.map(each),
    findings: findings.map(each),
  }));
  return `${JSON.stringify({ files, ...(weights ? { weights: weights.path } : {}) })}\n`;
}

async function asText(
  results: readonly Fixed[],
  weights: ChangedWeights | undefined,
  isTrial: boolean,
  stream: NodeJS.WriteStream,
): Promise<string> {
  const { formatHuman } = await import("../../lint/formats/human.js");
  const paint = colorsFor(stream);
  const line = (file: string, { line, column, message, rule }: Finding) =>
    `${paint.underline(`${oneLine(file)}:${line}:${column}`)}  ${paint.green("fixed")}  ${oneLine(message)}  ${paint.dim(rule)}\n`;
  const fixed = results.flatMap((result) => result.fixed.map((finding) => line(result.file, finding)));
  const changed = results.filter(({ before, text }) => text !== before).length;
  const where = weights && changed === 0 ? "the weights" : counted(changed, "file");
  const count = `${counted(fixed.length, "problem")} in ${where}`;
  const did = isTrial ? `would fix ${count}; nothing is written` : `fixed ${count}`;
  const also = weights && !isTrial ? [`wrote the weights that belong to it to ${weights.path}\n`] : [];
  const left = results.filter(({ findings }) => findings.length > 0);
  const rest = left.length > 0 ? [`\nleft:\n\n${formatHuman(left, { paint, width: stream.columns || 100 })}`] : [];
  return [...fixed, `${fixed.length > 0 ? "\n" : ""}${did}\n`, ...also, ...rest].join("");
}
