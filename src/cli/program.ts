import { Command as Commander, CommanderError } from "commander";
import { closest, hintAt } from "../util/closest.js";
import { MokaError } from "../util/errors.js";
import { oneLine } from "../util/escape.js";
import { version } from "../version.js";
import { colorsFor } from "./colors.js";
import type { ExitCode } from "./command.js";
import { commands } from "./commands/index.js";
import { takeCaffeForms } from "./flags.js";
import { print, printError } from "./print.js";

/**
 * Runs `moka` with these arguments.
 *
 * Caffe's flags may have one dash or two: `-solver lenet.prototxt`, `--solver=lenet.prototxt`. Errors are written to
 * stderr and never thrown. Only the file of the called command is loaded.
 */
export async function main(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = 0;
  let help = "moka --help lists the commands";
  const program = new Commander("moka")
    .description("Caffe networks, brewed in TypeScript: train, test and deploy .prototxt and .caffemodel files.")
    .version(version, "-v, --version")
    .helpCommand(true)
    .addHelpText(
      "after",
      "\nFlags have one dash or two, and - or _ in their names: -snapshot a.solverstate, --snapshot=a.solverstate.\n" +
        "Exit codes: 0 all is done, 1 the work found a problem, 2 the call was wrong.",
    )
    .enablePositionalOptions()
    .configureOutput({ writeOut: print, writeErr: printError, outputError: () => {} }) // `report` writes errors
    .exitOverride();
  for (const { name, aliases = [], summary } of commands) {
    program.command(name).aliases(aliases).description(summary).exitOverride();
  }
  program.hook("preSubcommand", async (_, called) => {
    help = `moka ${called.name()} --help shows what it takes`;
    const command = await commands.find(({ name }) => name === called.name())?.load();
    const run = command?.define(called);
    called.version(version, "-v, --version").options.at(-1)?.hideHelp();
    takeCaffeForms(called);
    called.action(async () => {
      code = (await run?.()) ?? 0;
    });
  });
  try {
    const plain = withoutHelpCommand(args);
    checkName(plain[0] ?? "");
    await program.parseAsync(plain, { from: "user" });
    return code;
  } catch (error) {
    return report(error, help);
  }
}

/** Turns `help train` into `train --help`, and `-help` into `--help`. */
function withoutHelpCommand(args: readonly string[]): readonly string[] {
  const [first, called, ...rest] = args;
  if (first === "help" && called !== undefined) return [called, "--help", ...rest];
  return /^-[a-z]{2}/.test(first ?? "") ? [`-${first}`, ...args.slice(1)] : args;
}

/** Throws for an unknown command. With `--help` after it, commander would print the list of commands, without an error. */
function checkName(called: string): void {
  const names = [...commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]), "help"];
  if (/^-|^$/.test(called) || names.includes(called)) return;
  throw new MokaError("MOKA_USAGE", `unknown command '${called}'${hintAt(closest(called, names))}`);
}

/** Writes one line with the error and its code; after a wrong call also a line that names the command's help. */
function report(error: unknown, help: string): ExitCode {
  if (error instanceof AggregateError) return error.errors.map((each) => report(each, help))[0] ?? 1;
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  if (error instanceof CommanderError && error.code === "commander.help") return 2; // commander has written the help
  const prefix = colorsFor(process.stderr).red("moka:");
  const known =
    error instanceof CommanderError
      ? new MokaError("MOKA_USAGE", error.message.replace(/^error: /, "").replaceAll("\n", " "))
      : error;
  if (known instanceof MokaError) {
    const isUsage = known.code === "MOKA_USAGE";
    const line = oneLine(known.message); // names in files may have line ends
    printError(`${prefix} ${line} [${known.code}]\n${isUsage ? `(${help})\n` : ""}`);
    return isUsage ? 2 : 1;
  }
  printError(`${prefix} ${known instanceof Error ? known.stack : String(known)}\n`);
  return 1;
}
