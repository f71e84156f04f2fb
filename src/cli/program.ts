import { Command as Commander, CommanderError } from "commander";
import { MokaError } from "../util/errors.js";
import { version } from "../version.js";
import { colorsFor } from "./colors.js";
import type { Command, ExitCode } from "./command.js";
import { commands } from "./commands/index.js";

/**
 * Runs `moka` with these arguments.
 *
 * Caffe's flags may have one dash or two: `-solver lenet.prototxt`, `--solver=lenet.prototxt`. Errors go to stderr;
 * what went wrong is never thrown.
 */
export async function main(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = new Commander("moka")
    .description("Caffe networks, brewed in TypeScript: train, test and deploy .prototxt and .caffemodel files.")
    .version(version, "-v, --version")
    .helpCommand(true)
    .exitOverride()
    .showHelpAfterError("(moka --help lists the commands)");
  for (const command of commands) {
    addCommand(program, command, (result) => {
      code = result;
    });
  }
  try {
    await program.parseAsync(args.map(withTwoDashes), { from: "user" });
    return code;
  } catch (error) {
    return report(error);
  }
}

function addCommand(program: Commander, command: Command, done: (code: ExitCode) => void): void {
  const commander = program.command(command.name).description(command.summary).exitOverride();
  command.define(commander);
  commander.action(async (...given: unknown[]) => {
    const args = given.slice(0, -2).flat() as string[];
    done(await command.run(args, commander.opts()));
  });
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
