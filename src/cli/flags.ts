import type { Command as Commander, Option } from "commander";
import { closest, hintAt } from "../util/closest.js";
import { MokaError } from "../util/errors.js";
import { opposite } from "./command.js";

/**
 * Lets a command accept its options in all forms of Caffe's tools: `-gray`, `--gray`, `--gray=true`, `--gray=0`,
 * `--nogray`, `-resize_width 5`, `--resize-width=5`. An unknown option is reported before a missing one, because it may
 * be the missing one misspelled.
 */
export function takeCaffeForms(command: Commander): void {
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (args) => {
    const parsed = parse(plainForms(command, args));
    const [first] = parsed.unknown;
    const asksForHelp = parsed.unknown.some((each) => each === "-h" || each === "--help");
    if (first?.startsWith("-") && !asksForHelp) command.error(unknownOption(command, first));
    return parsed;
  };
}

function plainForms(command: Commander, args: readonly string[]): string[] {
  const plain: string[] = [];
  const left = [...args];
  for (let argument = left.shift(); argument !== undefined; argument = left.shift()) {
    if (argument === "--") return [...plain, argument, ...left];
    const [, name, value] = /^--?([a-z][\w-]+)(?:=(.*))?$/is.exec(argument) ?? [];
    const option = find(command, name === undefined ? argument : `--${name}`);
    const long = option?.long ?? `--${name}`;
    if (option?.required) {
      if (value === undefined) plain.push(name === undefined ? argument : long, ...left.splice(0, 1));
      else plain.push(`${long}=${value}`);
    } else if (name === undefined) {
      plain.push(argument);
    } else {
      plain.push(option && value !== undefined ? onOrOff(long, value) : long);
    }
  }
  return plain;
}

/** Finds an option by its name. `-` and `_` are the same, and `--nogray` is `--no-gray`. */
function find({ options }: Commander, flag: string): Option | undefined {
  const named = (name: string) =>
    options.find(({ long, short }) => short === name || dashed(long ?? "") === dashed(name));
  return named(flag) ?? (flag.startsWith("--no") ? named(flag.replace("--no", "--no-")) : undefined);
}

function onOrOff(flag: string, value: string): string {
  if (/^(true|t|yes|y|1)$/i.test(value)) return flag;
  if (/^(false|f|no|n|0)$/i.test(value)) return opposite(flag);
  throw new MokaError("MOKA_USAGE", `${flag} must be true or false, not ${JSON.stringify(value)}`);
}

function unknownOption({ options }: Commander, given: string): string {
  const flag = given.replace(/=.*$/s, "");
  const known = options.flatMap(({ long, hidden }) => (long === undefined || hidden ? [] : [long]));
  const meant = closest(dashed(flag), [...known, "--help"].map(dashed));
  return `unknown option '${flag}'${hintAt(known.find((each) => dashed(each) === meant) ?? meant)}`;
}

function dashed(flag: string): string {
  return flag.replaceAll("_", "-");
}
