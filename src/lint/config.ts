import { didYouMean } from "../util/closest.js";
import { MokaError, reasonOf } from "../util/errors.js";
import type { Level, Levels } from "./lint.js";
import type { Rule } from "./rule.js";

const known = ["off", "info", "warning", "error"] as const satisfies readonly Level[];

/**
 * Checks levels of rules that a user gave, and returns them.
 *
 * @param where the file or flag that gave them, for messages
 * @throws MokaError `MOKA_USAGE` for a rule or a level that does not exist
 */
export function checkLevels(levels: unknown, rules: readonly Rule[], where: string): Levels {
  const ids = rules.map(({ id }) => id);
  for (const [id, level] of entriesOf(levels, `${where}: "rules"`)) {
    if (!ids.includes(id)) throw wrong(`${where}: there is no rule "${id}"`, id, ids);
    if (!known.some((each) => each === level)) {
      const reason = `${where}: the level of "${id}" must be "off", "info", "warning" or "error", not ${JSON.stringify(level)}`;
      throw wrong(reason, String(level), known);
    }
  }
  return levels as Levels;
}

/**
 * The levels in a `moka.config.json`: `{ "lint": { "rules": { "scale-without-bias": "off" } } }`.
 *
 * @throws MokaError `MOKA_USAGE` for a text that is not JSON, and for unknown keys, rules and levels
 */
export function parseConfig(text: string, path: string, rules: readonly Rule[]): Levels {
  let config: unknown;
  try {
    config = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new MokaError("MOKA_USAGE", `${path}: ${reasonOf(error)}`, { cause: error });
  }
  const { lint } = only(config, ["$schema", "lint"], `${path}: what is in it`);
  if (lint === undefined) return {};
  const { rules: levels } = only(lint, ["rules"], `${path}: "lint"`);
  return levels === undefined ? {} : checkLevels(levels, rules, path);
}

/** Checks that a value is an object without other keys than these, and returns it. */
function only(value: unknown, keys: readonly string[], where: string): Readonly<Record<string, unknown>> {
  const entries = entriesOf(value, where);
  for (const [key] of entries) {
    if (!keys.includes(key)) throw wrong(`${where} may have "${keys.join('", "')}", not "${key}"`, key, keys);
  }
  return Object.fromEntries(entries);
}

function entriesOf(value: unknown, where: string): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MokaError("MOKA_USAGE", `${where} must be an object, not ${JSON.stringify(value)}`);
  }
  return Object.entries(value);
}

function wrong(reason: string, name: string, names: readonly string[]): MokaError {
  return new MokaError("MOKA_USAGE", reason + didYouMean(name, names));
}
