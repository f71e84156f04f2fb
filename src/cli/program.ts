import { Command as Commander, CommanderError } from "commander";
import { MokaError } from "../util/errors.js";
import { version } from "../version.js";
import { colorsFor } from "./colors.js";
import type { ExitCode } from "./command.js";
import { commands } from "./commands/index.js";

/**
 * Runs `moka` with these arguments.
 *
 * Caffe's flags may have one dash or two: `-solver lenet.prototxt`, `--solver=lenet.prototxt`. Errors go to stderr;
 * what went wrong is never thrown. Only the file of the command that is called is loaded.
 */
export async function main(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = new Commander("moka")
    .description("Caffe networks, brewed in TypeScript: train, test and deploy .prototxt and .caffemodel files.")
    .version(version, "-v, --version")
    .helpCommand(true)
    .exitOverride()
    .showHelpAfterError("(moka --help lists the commands)");
  for (const { name, aliases = [], summary } of commands) {
    program.command(name).aliases(aliases).description(summary).exitOverride();
  }
  program.hook("preSubcommand", async (_, called) => {
    const command = await commands.find(({ name }) => name === called.name())?.load();
    command?.define(called);
    called.action(async (...given: unknown[]) => {
      const operands = given.slice(0, -2).flat() as string[];
      code = (await command?.run(operands, called.opts())) ?? 0;
    });
  });
  try {
    await program.parseAsync(withoutHelpCommand(args).map(withTwoDashes), { from: "user" });
    return code;
  } catch (error) {
    return report(error);
  }
}

/** `moka help train` is `moka train --help`: a command that was not called knows none of its options. */
function withoutHelpCommand(args: readonly string[]): readonly string[] {
  const [first, called, ...rest] = args;
  return first === "help" && called !== undefined ? [called, "--help", ...rest] : args;
}

/** Caffe's flags have one dash; those of a single letter keep theirs. */
function withTwoDashes(argument: string): string {
  return /^-[a-z][a-z_]+(=|$)/.test(argument) ? `-${argument}` : argument;
}

function report(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const prefix = colorsFor(process.stderr).red("moka:");
  if (error instanceof MokaError) {
    process.stderr.write(`${prefix} ${error.message} [${error.code}]\n`);
    return error.code === "MOKA_USAGE" ? 2 : 1;
  }
  process.stderr.write(`${prefix} ${error instanceof Error ? error.stack : String(error)}\n`);
  return 1;
}
