import { expect, test } from "vitest";
import { Phase } from "../proto/gen/caffe_pb.js";
import { parseNet, parseSolver } from "../proto/text/index.js";
import { netProblems, stateFor, testNetsOf, trainNetOf } from "./solver-nets.js";

const solver = (text: string) => parseSolver(text).message;

test.each([
  ['net: "a"', "net file: a"],
  ['train_net: "a"', "train_net file: a"],
  ['net_param { name: "a" }', "net_param"],
  ['train_net_param { name: "a" }', "train_net_param"],
])("the training net of %s", (text, source) => {
  expect(trainNetOf(solver(text)).source).toBe(source);
});

test("there must be exactly one training net", () => {
  const reasons = (text: string) => [...netProblems(solver(text))].map(({ reason }) => reason);
  expect(reasons("base_lr: 1")).toEqual([expect.stringContaining("it has none")]);
  expect(reasons('net: "a" train_net: "b"')).toEqual([expect.stringContaining("net file: a and train_net file: b")]);
  expect(() => trainNetOf(solver("base_lr: 1"))).toThrow("it has none");
});

test("the test nets are first its own ones, then the common net for the rest of test_iter", () => {
  const param = solver(
    'net: "a" test_net: "b" test_net_param { name: "c" } test_iter: 1 test_iter: 1 test_iter: 1 test_iter: 1 test_interval: 5',
  );
  expect(testNetsOf(param).map(({ source }) => source)).toEqual([
    "test_net_param",
    "test_net file: b",
    "net file: a",
    "net file: a",
  ]);
});

test.each([
  ['train_net: "a" test_net: "b" test_interval: 1', "there are 1 test nets and 0 test_iter"],
  ['train_net: "a" test_iter: 1 test_interval: 1', "there are 0 test nets and 1 test_iter"],
  ['net: "a" test_iter: 1', "test_interval must be greater than 0 where there are test nets"],
  [
    'net: "a" test_iter: 1 test_interval: 1 test_state { } test_state { }',
    "test_state is given 2 times for 1 test nets",
  ],
])("%s is refused", (text, reason) => {
  expect([...netProblems(solver(text))]).toMatchObject([
    { severity: "error", reason: expect.stringContaining(reason) },
  ]);
});

test("the solver's state overrides the net's, which overrides the phase", () => {
  const net = parseNet('state { level: 1 stage: "a" }').message;
  const { trainState } = solver('train_state { level: 2 stage: "b" }');
  const state = stateFor(Phase.TRAIN, net, trainState);
  expect([state.phase, state.level, state.stage]).toEqual([Phase.TRAIN, 2, ["a", "b"]]);
  expect(stateFor(Phase.TEST, net, undefined).level).toBe(1);
});
