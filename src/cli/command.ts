import type { Command as Commander } from "commander";

/** 0: done. 1: the work found a problem. 2: the call was wrong. */
export type ExitCode = 0 | 1 | 2;

/** One command of `moka`; each stands in a file of its own. */
export interface Command {
  readonly name: string;
  /** What it does, in one line of `moka --help`. */
  readonly summary: string;
  /** Declares arguments and options. */
  define(command: Commander): void;
  /** Does the work; gets the arguments by position, then the options. Loads what it needs itself, so that `--help` is quick. */
  run(args: readonly string[], options: Readonly<Record<string, unknown>>): Promise<ExitCode>;
}
