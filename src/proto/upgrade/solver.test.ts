import { expect, test } from "vitest";
import { silent } from "../../util/log.js";
import { SolverParameterSchema } from "../gen/caffe_pb.js";
import { placeOf } from "../source.js";
import { formatText, parseSolver } from "../text/index.js";
import { needsSolverUpgrade, upgradeSolver, upgradeSolverAsNeeded } from "./solver.js";

const read = (text: string) => parseSolver(text, { file: "s.prototxt" }).message;

test.each([
  ["SGD", "SGD"],
  ["NESTEROV", "Nesterov"],
  ["ADAGRAD", "AdaGrad"],
  ["RMSPROP", "RMSProp"],
  ["ADADELTA", "AdaDelta"],
  ["ADAM", "Adam"],
  ["2", "AdaGrad"],
])("solver_type: %s becomes type: %j, with Caffe's notices", (old, type) => {
  const lines: string[] = [];
  const solver = read(`net: "n"\nsolver_type: ${old}`);
  expect(needsSolverUpgrade(solver)).toBe(true);
  upgradeSolver(solver, "s.prototxt", (severity, origin) => lines.push(`${severity} ${origin}`));
  expect(formatText(SolverParameterSchema, solver)).toBe(`net: "n"\ntype: "${type}"\n`);
  expect(placeOf(solver, "type")).toEqual({ file: "s.prototxt", line: 2, column: 1 });
  expect(lines).toEqual([
    "info upgrade_proto.cpp:1084",
    "info upgrade_proto.cpp:1091",
    "warning upgrade_proto.cpp:1093",
  ]);
});

test("a current solver does not change", () => {
  const solver = read('type: "Adam"');
  expect(needsSolverUpgrade(solver)).toBe(false);
  expect(formatText(SolverParameterSchema, upgradeSolver(solver, "s.prototxt", silent))).toBe('type: "Adam"\n');
});

test("both forms together are refused", () => {
  expect(() => upgradeSolver(read('type: "SGD"\nsolver_type: ADAM'), "s.prototxt", silent)).toThrow(
    "s.prototxt:2:1: give type or its old form solver_type, not both",
  );
});

test("nets within a solver are upgraded too", () => {
  const v1 = 'layers { name: "r" type: RELU bottom: "x" top: "y" }';
  const solver = read(`net_param { ${v1} } train_net_param { ${v1} } test_net_param { } test_net_param { ${v1} }`);
  expect(needsSolverUpgrade(solver)).toBe(true);
  expect(upgradeSolverAsNeeded(solver, "s.prototxt", silent)).toBe(true);
  expect(needsSolverUpgrade(solver)).toBe(false);
  const nets = [solver.netParam, solver.trainNetParam, ...solver.testNetParam];
  expect(nets.map((net) => net?.layer.map(({ type }) => type))).toEqual([["ReLU"], ["ReLU"], [], ["ReLU"]]);
});

test("what a net within a solver loses in its upgrade is told", () => {
  const solver = read(
    'net_param { input: "x" layers { layer { name: "c" type: "conv" new_height: 3 } bottom: "x" top: "y" } }',
  );
  expect(upgradeSolverAsNeeded(solver, "s.prototxt", silent)).toBe(false);
});
