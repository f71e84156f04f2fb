import { expect, test } from "vitest";
import { lintContext } from "../../test/lint.js";
import { lintText } from "./lint.js";
import type { Problem, Rule } from "./rule.js";

const rule = (id: string, check: Rule["check"]): Rule => ({ id, severity: "warning", summary: "", check });
const at = (line: number, column: number) => ({ line, column });
const problem = (place: Problem["at"], message = "m"): Problem => ({ at: place, message, why: "" });

const text = `layer { name: "a" type: "ReLU" bottom: "x" top: "a" }
layer {
  name: "b" # moka-ignore two
}
`;

const places = async (rules: readonly Rule[], levels = {}) => {
  const found = await lintText(text, undefined, rules, levels, lintContext());
  return found.map((each) => `${each.line}:${each.column} ${each.rule} ${each.severity} ${each.message}`);
};

test("findings come in the order of the text, at one place in the order of the rules", async () => {
  const one = rule("one", () => [problem(at(2, 1)), problem(at(1, 9)), problem(at(1, 1))]);
  const two = rule("two", () => [problem(at(1, 1))]);
  expect(await places([two, one])).toEqual([
    ...["1:1 two warning m", "1:1 one warning m", "1:9 one warning m", "2:1 one warning m"],
  ]);
});

test("what two states of a net have in common is found once, and other messages at one place each", async () => {
  const views = rule("one", ({ views }) => views.map(() => problem(at(1, 1))));
  const phases = rule("two", ({ views }) => views.map(({ phase }) => problem(at(1, 1), phase)));
  expect(await places([views, phases])).toEqual([
    ...["1:1 one warning m", "1:1 two warning TRAIN", "1:1 two warning TEST"],
  ]);
});

test("a level is above the problem's severity, and that above the rule's", async () => {
  const one = rule("one", () => [{ ...problem(at(1, 1)), severity: "info" }]);
  expect(await places([one])).toEqual(["1:1 one info m"]);
  expect(await places([one], { one: "error" })).toEqual(["1:1 one error m"]);
});

test("a rule that is off is not asked", async () => {
  const asked = rule("one", () => {
    throw new Error("it was");
  });
  expect(await places([asked], { one: "off" })).toEqual([]);
});

test("what comments ignore is left out", async () => {
  const check = () => [problem(at(3, 3)), problem(at(2, 1))];
  expect(await places([rule("one", check), rule("two", check)])).toEqual([
    ...["2:1 one warning m", "2:1 two warning m", "3:3 one warning m"],
  ]);
});

test("a finding ends behind what it is about, on another line too, or where it starts if that is all there is", async () => {
  const one = rule("one", ({ layers }) => [
    ...layers.map((layer) => problem(layer.at())),
    problem(layers[1].at("name")),
    problem(at(4, 1)),
  ]);
  const found = await lintText(text, undefined, [one], {}, lintContext());
  expect(found.map(({ line, column, endLine, endColumn }) => [line, column, endLine, endColumn])).toEqual([
    ...[
      [1, 1, 1, 54],
      [2, 1, 4, 2],
      [3, 3, 3, 12],
      [4, 1, 4, 1],
    ],
  ]);
});
