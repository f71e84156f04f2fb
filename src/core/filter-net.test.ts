import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { NetStateSchema, Phase } from "../proto/gen/caffe_pb.js";
import { parseNet } from "../proto/text/index.js";
import { filterLayers } from "./filter-net.js";

function included(rules: string, state: { phase?: Phase; level?: number; stage?: string[] }): boolean {
  const { message } = parseNet(`layer { name: "l" type: "ReLU" ${rules} }`);
  return filterLayers(message, create(NetStateSchema, state), () => {}).length === 1;
}

const train = { phase: Phase.TRAIN };

test.each([
  ["", train, true],
  ["include { phase: TRAIN }", train, true],
  ["include { phase: TEST }", train, false],
  ["exclude { phase: TEST }", train, true],
  ["exclude { phase: TRAIN }", train, false],
  ["include { phase: TEST } include { phase: TRAIN }", train, true],
  ["include { min_level: 1 }", { level: 1 }, true],
  ["include { min_level: 2 }", { level: 1 }, false],
  ["include { max_level: 0 }", { level: 1 }, false],
  ["include { max_level: 1 }", { level: 1 }, true],
  ['include { stage: "a" }', { stage: ["a", "b"] }, true],
  ['include { stage: "a" stage: "c" }', { stage: ["a", "b"] }, false],
  ['include { not_stage: "a" }', { stage: ["a"] }, false],
  ['include { not_stage: "a" not_stage: "b" }', { stage: ["c"] }, true],
  ['exclude { stage: "a" phase: TEST }', { stage: ["a"], phase: Phase.TRAIN }, true],
  ["include { }", train, true],
])("a layer with %j in state %j: %s", (rules, state, expected) => {
  expect(included(rules, state)).toBe(expected);
});

test("include and exclude together are refused, at their place", () => {
  expect(() => included("include { phase: TRAIN } exclude { phase: TEST }", train)).toThrow(
    '<text>:1:1: layer "l" (ReLU): has include rules and exclude rules; Caffe takes one kind, not both',
  );
});

test("says in Caffe's words why a layer is left out", () => {
  const lines: string[] = [];
  const { message } = parseNet('layer { name: "l" type: "ReLU" include { phase: TEST } }');
  filterLayers(message, create(NetStateSchema, train), (_severity, _origin, line) => lines.push(line));
  expect(lines).toEqual(["The NetState phase (0) differed from the phase (1) specified by a rule in layer l"]);
});
