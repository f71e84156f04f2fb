import { Command as Commander, CommanderError } from "commander";
import { MokaError } from "../util/errors.js";
import { version } from "../version.js";
import { colorsFor } from "./colors.js";
import type { ExitCode } from "./command.js";
import { commands } from "./commands/index.js";
import { takeCaffeForms } from "./flags.js";
import { printError } from "./print.js";

/**
 * Runs `moka` with these arguments.
 *
 * Caffe's flags may have one dash or two: `-solver lenet.prototxt`, `--solver=lenet.prototxt`. Errors go to stderr;
 * what went wrong is never thrown. Only the file of the command that is called is loaded.
 */
export async function main(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = 0;
  let help = "moka --help lists the commands";
  const program = new Commander("moka")
    .description("Caffe networks, brewed in TypeScript: train, test and deploy .prototxt and .caffemodel files.")
    .version(version, "-v, --version")
    .helpCommand(true)
    .enablePositionalOptions()
    .configureOutput({ outputError: () => {} }) // `report` writes it
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
    await program.parseAsync(withoutHelpCommand(args), { from: "user" });
    return code;
  } catch (error) {
    return report(error, help);
  }
}

/** `moka help train` is `moka train --help`, `moka -help` is `moka --help`. */
function withoutHelpCommand(args: readonly string[]): readonly string[] {
  const [first, called, ...rest] = args;
  if (first === "help" && called !== undefined) return [called, "--help", ...rest];
  return /^-[a-z]{2}/.test(first ?? "") ? [`-${first}`, ...args.slice(1)] : args;
}

/** Says what went wrong, in a line with its code; of a wrong call also where its help is. */
function report(error: unknown, help: string): ExitCode {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  if (error instanceof CommanderError && error.code === "commander.help") return 2; // the help is the message
  const prefix = colorsFor(process.stderr).red("moka:");
  const known =
    error instanceof CommanderError
      ? new MokaError("MOKA_USAGE", error.message.replace(/^error: /, "").replaceAll("\n", " "))
      : error;
  if (known instanceof MokaError) {
    const isUsage = known.code === "MOKA_USAGE";
    printError(`${prefix} ${known.message} [${known.code}]\n${isUsage ? `(${help})\n` : ""}`);
    return isUsage ? 2 : 1;
  }
  printError(`${prefix} ${known instanceof Error ? known.stack : String(known)}\n`);
  return 1;
}
