import { create, isFieldSet, merge } from "@bufbuild/protobuf";
import {
  type NetParameter,
  type NetState,
  NetStateSchema,
  type Phase,
  type SolverParameter,
  SolverParameterSchema,
} from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";
import { refused, type SolverProblem } from "./problem.js";

/** A net that a solver names, in a file or as a message. */
export interface NetChoice {
  /** Its name in Caffe's log: `train_net file: …`. */
  readonly source: string;
  readonly file?: string;
  readonly message?: NetParameter;
}

/** The training net of a solver without `netProblems`: the one of `net`, `net_param`, `train_net`, `train_net_param`. */
export function trainNetOf(solver: SolverParameter): NetChoice {
  const [choice] = trainChoices(solver);
  check(choice, "MOKA_FIELD", `${oneTrainNet}; it has none`);
  return choice;
}

const oneTrainNet =
  "the solver must name its training net by exactly one of net, net_param, train_net and train_net_param";

/** All nets that the solver names as its training net: one, if there is no mistake. */
export function trainChoices(solver: SolverParameter): readonly NetChoice[] {
  return [
    ...commonNets(solver),
    ...fromFile(solver, "trainNet", "train_net file"),
    ...fromMessage(solver, "trainNetParam", "train_net_param"),
  ];
}

function commonNets(solver: SolverParameter): readonly NetChoice[] {
  return [...fromFile(solver, "net", "net file"), ...fromMessage(solver, "netParam", "net_param")];
}

/**
 * The test nets of a solver without `netProblems`: those of `test_net_param`, then those of `test_net`, then the common
 * net once for each remaining `test_iter`.
 */
export function testNetsOf(solver: SolverParameter): NetChoice[] {
  const testOnly: NetChoice[] = [
    ...solver.testNetParam.map((message) => ({ source: "test_net_param", message })),
    ...solver.testNet.map((file) => ({ source: `test_net file: ${file}`, file })),
  ];
  const [common] = commonNets(solver);
  const rest = common ? Math.max(0, solver.testIter.length - testOnly.length) : 0;
  return [...testOnly, ...(common ? Array<NetChoice>(rest).fill(common) : [])];
}

/** What is wrong with the choice of nets, and with the fields that are given once for each test net. */
export function* netProblems(solver: SolverParameter): Iterable<SolverProblem> {
  const { testIter, testState, testInterval, testNet, testNetParam } = solver;
  const choices = trainChoices(solver);
  if (choices.length !== 1) {
    const field = choices.at(-1)?.source.split(/[ :]/)[0] ?? "net";
    const names = choices.map(({ source }) => source).join(" and ");
    yield refused(field, `${oneTrainNet}; it has ${names || "none"}`);
    if (choices.length === 0) return;
  }
  const own = testNet.length + testNetParam.length;
  const [common] = commonNets(solver);
  const ownField = testNet.length > 0 ? "test_net" : "test_net_param";
  if (common ? testIter.length < own : testIter.length !== own) {
    const reason = `test_iter must be given once for each test net: there are ${own} test nets and ${testIter.length} test_iter`;
    yield refused(testIter.length > 0 ? "test_iter" : ownField, reason);
    return;
  }
  const nets = testNetsOf(solver).length;
  if (testState.length > 0 && testState.length !== nets) {
    yield refused(
      "test_state",
      `test_state is given ${testState.length} times for ${nets} test nets; give none, or one each`,
    );
  }
  if (nets > 0 && testInterval <= 0) {
    const field = isFieldSet(solver, SolverParameterSchema.field.testInterval) ? "test_interval" : "test_iter";
    yield refused(field, "test_interval must be greater than 0 where there are test nets");
  }
}

/** The files of the nets, as the solver names them, each once. */
export function netFilesOf({ net, trainNet, testNet }: SolverParameter): readonly string[] {
  return [...new Set([net, trainNet, ...testNet])].filter((name) => name !== "");
}

/** The state that a net is built for: the phase, overridden by the net's own state, then by the solver's. */
export function stateFor(phase: Phase, net: NetParameter, solver: NetState | undefined): NetState {
  const state = create(NetStateSchema, { phase });
  if (net.state) merge(NetStateSchema, state, net.state);
  if (solver) merge(NetStateSchema, state, solver);
  return state;
}

function fromFile(solver: SolverParameter, field: "net" | "trainNet", label: string): NetChoice[] {
  if (!isFieldSet(solver, SolverParameterSchema.field[field])) return [];
  return [{ source: `${label}: ${solver[field]}`, file: solver[field] }];
}

function fromMessage(solver: SolverParameter, field: "netParam" | "trainNetParam", source: string): NetChoice[] {
  const message = solver[field];
  return message ? [{ source, message }] : [];
}
