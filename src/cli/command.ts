import { Argument, type Command as Commander, Option } from "commander";
import { MokaError } from "../util/errors.js";

/** 0: done. 1: the work found a problem. 2: the call was wrong. */
export type ExitCode = 0 | 1 | 2;

/** An operand or an option: declares itself to commander, and returns the reader of its value after parsing. */
export type Parameter<T> = (command: Commander) => () => T;

type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** The values of parameters in one call. */
export type Values<P extends Parameters> = {
  readonly [Name in keyof P]: ReturnType<ReturnType<P[Name]>>;
};

/** One command of `moka`. Each has its own file, which is loaded when the command is called. */
export interface Command {
  /** Declares all parameters. The returned function does the work; it is called after the arguments are parsed. */
  define(command: Commander): () => Promise<ExitCode | undefined>;
}

/** The facts about a command that are known without loading its file. */
export interface CommandRow {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What the command does: its line in `moka --help`. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

interface HelpTexts {
  /** The arguments in the first line of the help. Default: as declared. */
  readonly usage?: string;
  /** The last paragraph of the help. */
  readonly help?: string;
}

/**
 * A command with these operands, in this order, and options. The types of the values of `run` follow from them.
 *
 * @param run does the work; without a result the exit code is 0. It imports modules rather than the top of the file, so
 *   that `--help` is quick.
 */
export function command<P extends Parameters>(
  takes: P,
  run: (values: Values<P>) => Promise<ExitCode | undefined>,
  { usage, help }: HelpTexts = {},
): Command {
  return {
    define(command) {
      const readers = Object.entries(takes).map(([name, declare]) => [name, declare(command)] as const);
      if (usage !== undefined) command.usage(usage);
      if (help !== undefined) command.addHelpText("after", `\n${help}`);
      return () => run(Object.fromEntries(readers.map(([name, read]) => [name, read()])) as Values<P>);
    },
  };
}

/** Reads a value from an argument's text; undefined if the text is wrong. */
export interface Parse<T> {
  (text: string): T | undefined;
  /** What the text must be: "…" in the error `--seed must be …`. */
  readonly expects: string;
  /** All accepted texts, where there are few. */
  readonly choices?: readonly string[];
}

/** Adds the value of one more text to the values before it; undefined if the text is wrong. */
export interface Add<T> {
  (text: string, before: T): T | undefined;
  readonly expects: string;
}

/** Checks what a parser returned. The error names the option or operand. */
function parsed<T>(name: string, { expects }: { readonly expects: string }, text: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new MokaError("MOKA_USAGE", `${name} must be ${expects}, not ${JSON.stringify(text)}`);
}

type OperandValue<Form extends string> = Form extends `${string}...${string}`
  ? readonly string[]
  : Form extends `[${string}`
    ? string | undefined
    : string;

/** An operand: `<file>` is required, `[file]` is optional, `<files...>` and `[files...]` take all that are left. */
export function operand<Form extends string>(form: Form, description: string): Parameter<OperandValue<Form>>;
export function operand<T>(form: `<${string}>`, description: string, parse: Parse<T>): Parameter<T>;
export function operand(form: string, description: string, parse?: Parse<unknown>) {
  return (command: Commander) => {
    const argument = new Argument(form, description);
    if (parse?.choices) argument.choices(parse.choices);
    if (parse) argument.argParser((text) => parsed(form, parse, text, parse(text)));
    const index = command.registeredArguments.length;
    command.addArgument(argument);
    return () => command.processedArgs[index];
  };
}

/** An option with a value, as `--weights <files>`. Without `parse` the value is the text. */
export function option(form: string, description: string): Parameter<string | undefined>;
export function option<T>(form: string, description: string, parse: Parse<T>): Parameter<T | undefined>;
export function option<T>(form: string, description: string, parse: Parse<T>, initial: T): Parameter<T>;
export function option(form: string, description: string, parse?: Parse<unknown>, initial?: unknown) {
  const made = new Option(form, description);
  if (parse?.choices) made.choices(parse.choices);
  if (parse) made.argParser((text) => parsed(`--${made.name()}`, parse, text, parse(text)));
  if (initial !== undefined && typeof initial !== "object") made.default(initial); // the help shows the default
  return declared(made, initial);
}

/** A required option. */
export function required(form: string, description: string): Parameter<string> {
  return declared(new Option(form, description).makeOptionMandatory());
}

/** An option that may be given several times. Each use adds to the value of those before it. */
export function repeated<T>(form: string, description: string, add: Add<T>, initial: T): Parameter<T> {
  const made = new Option(form, description);
  made.argParser<T>((text, before = initial) => parsed(`--${made.name()}`, add, text, add(text, before)));
  return declared(made, initial);
}

/** An option that is on or off: `--json` is off by default, `--no-oversample` declares one that is on by default. */
export function flag(form: `--${string}`, description: string): Parameter<boolean> {
  return (command) => {
    const read = declared(new Option(form, description), false)(command);
    command.addOption(new Option(opposite(form)).hideHelp());
    return read;
  };
}

/** `--no-json` for `--json`, and the other way round. */
export function opposite(flag: string): string {
  return flag.startsWith("--no-") ? flag.replace("--no-", "--") : flag.replace("--", "--no-");
}

function declared(option: Option, initial?: unknown) {
  return (command: Commander) => {
    command.addOption(option);
    return () => command.getOptionValue(option.attributeName()) ?? initial;
  };
}
