import { type Command as Commander, InvalidArgumentError } from "commander";

/**
 * Flags that are on or off, in all forms of Caffe's tools: `-gray`, `--gray`, `--gray=true`, `--gray=0`, `--nogray`.
 *
 * @param flags descriptions by name
 */
export function addFlags(command: Commander, flags: Readonly<Record<string, string>>): void {
  for (const [name, description] of Object.entries(flags)) command.option(`--${name}`, description);
  rewriteFlags(command, (argument) => plainFlag(argument, flags));
}

/** Takes `--raw_scale`, as Caffe's scripts have it, for `--raw-scale`. */
export function allowUnderscores(command: Commander): void {
  rewriteFlags(command, (argument) => [argument.replace(/^--[a-z_]+/, (name) => name.replaceAll("_", "-"))]);
}

/** Has the command read other words instead of those given; none after `--`. */
function rewriteFlags(command: Commander, rewrite: (argument: string) => readonly string[]): void {
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (args) => {
    const end = args.includes("--") ? args.indexOf("--") : args.length;
    return parse([...args.slice(0, end).flatMap(rewrite), ...args.slice(end)]);
  };
}

function plainFlag(argument: string, flags: Readonly<Record<string, string>>): string[] {
  const [, name = "", value = ""] = /^--([a-z_]+)=(.*)$/.exec(argument) ?? [];
  if (argument.startsWith("--no") && argument.slice(4) in flags) return [];
  if (!(name in flags)) return [argument];
  if (/^(true|t|yes|y|1)$/i.test(value)) return [`--${name}`];
  if (/^(false|f|no|n|0)$/i.test(value)) return [];
  throw new InvalidArgumentError(`--${name} is true or false, not "${value}".`);
}
