import { expect, test } from "vitest";
import { checkLevels, parseConfig } from "./config.js";
import type { Rule } from "./rule.js";

const rules: readonly Rule[] = ["bn-shared", "scale-without-bias"].map((id) => ({
  ...{ id, severity: "warning", summary: "" },
  check: () => [],
}));
const parse = (value: unknown) => parseConfig(JSON.stringify(value), "moka.config.json", rules);

test("a config gives levels to rules", () => {
  const levels = { "bn-shared": "off", "scale-without-bias": "error" };
  expect(parse({ lint: { rules: levels } })).toEqual(levels);
  expect(parse({ $schema: "x", lint: {} })).toEqual({});
  expect(parse({})).toEqual({});
  expect(parseConfig("\uFEFF{}", "x", rules)).toEqual({});
});

test.each([
  [[], "moka.config.json: what is in it must be an object, not []"],
  [{ lnt: {} }, 'moka.config.json: what is in it may have "$schema", "lint", not "lnt"'],
  [{ lint: 3 }, 'moka.config.json: "lint" must be an object, not 3'],
  [{ lint: { rule: {} } }, 'moka.config.json: "lint" may have "rules", not "rule"; did you mean "rules"?'],
  [{ lint: { rules: "off" } }, 'moka.config.json: "rules" must be an object, not "off"'],
  [
    { lint: { rules: { "bn-shard": "off" } } },
    'moka.config.json: there is no rule "bn-shard"; did you mean "bn-shared"?',
  ],
  [
    { lint: { rules: { "bn-shared": "warn" } } },
    'moka.config.json: the level of "bn-shared" must be "off", "info", "warning" or "error", not "warn"; did you mean "warning"?',
  ],
  [
    { lint: { rules: { "bn-shared": "eror" } } },
    'moka.config.json: the level of "bn-shared" must be "off", "info", "warning" or "error", not "eror"; did you mean "error"?',
  ],
  [
    { lint: { rules: { "bn-shared": 2 } } },
    'moka.config.json: the level of "bn-shared" must be "off", "info", "warning" or "error", not 2',
  ],
])("%j is refused", (config, message) => {
  expect(() => parse(config)).toThrow(expect.objectContaining({ code: "MOKA_USAGE", message }));
});

test("what is no JSON is refused with the file's name", () => {
  expect(() => parseConfig("{,}", "a/moka.config.json", rules)).toThrow(/^a\/moka\.config\.json: .*JSON/);
});

test("levels of a flag are checked alike", () => {
  expect(() => checkLevels({ nonsense: "off" }, rules, "--rule")).toThrow('--rule: there is no rule "nonsense"');
});
