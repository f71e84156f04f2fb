import type { Command as Commander } from "commander";

/** 0: done. 1: the work found a problem. 2: the call was wrong. */
export type ExitCode = 0 | 1 | 2;

/** One command of `moka`; each stands in a file of its own, which is loaded when the command is called. */
export interface Command {
  /** Declares arguments and options. */
  define(command: Commander): void;
  /** Does the work; gets the arguments by position, then the options. Loads what it needs itself, so that `--help` is quick. */
  run(args: readonly string[], options: Readonly<Record<string, unknown>>): Promise<ExitCode>;
}

/** What is known of a command before it is called. */
export interface CommandRow {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What it does, in one line of `moka --help`. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}
