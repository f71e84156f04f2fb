import { clone } from "@bufbuild/protobuf";
import { filterLayers, phaseName } from "../core/filter-net.js";
import {
  type NetParameter,
  NetParameterSchema,
  type NetState,
  Phase,
  type SolverParameter,
} from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { parseNet } from "../proto/text/index.js";
import { upgradeNetAsNeeded } from "../proto/upgrade/net.js";
import { stateFor, testNetsOf, trainChoices } from "../solvers/solver-nets.js";
import { MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";
import { silent } from "../util/log.js";
import type { OtherNet } from "./net.js";

/** A net of a solver. */
interface SolverNet {
  /** Which net it is, as "test net #0". */
  readonly net: string;
  /** Its file, or its message. */
  readonly path: string | undefined;
  readonly message: NetParameter | undefined;
  /** Whether it is the net that is looked at. */
  readonly isOwn: boolean;
  /** The state in which the solver builds it. */
  readonly stateOf: (message: NetParameter) => NetState;
}

/** The nets of a solver: the training net, then the test nets. */
export async function netsOf(
  solver: SolverParameter,
  own: NetParameter,
  file: string | undefined,
  files: Files,
): Promise<readonly SolverNet[]> {
  const { TRAIN, TEST } = Phase;
  const from = sourceOf(solver)?.file;
  const nets = [
    ...trainChoices(solver).map((choice) => {
      return { choice, net: "the training net", phase: TRAIN, given: solver.trainState };
    }),
    ...testNetsOf(solver).map((choice, index) => {
      return { choice, net: `test net #${index}`, phase: TEST, given: solver.testState[index] };
    }),
  ];
  return Promise.all(
    nets.map(async ({ choice, net, phase, given }) => {
      const path = choice.file ? await files.resolve(choice.file, from) : undefined;
      const isOwn = choice.message === own || (path !== undefined && file !== undefined && samePath(path, file));
      const stateOf = (message: NetParameter) => stateFor(phase, message, given);
      return { net, path, message: choice.message, isOwn, stateOf };
    }),
  );
}

/** The other nets of a solver of which one is looked at, in their states; those that cannot be read are left out. */
export async function otherNets(
  solver: SolverParameter,
  own: NetParameter,
  file: string | undefined,
  files: Files,
): Promise<readonly OtherNet[]> {
  const nets = await netsOf(solver, own, file, files);
  if (!nets.some(({ isOwn }) => isOwn)) return [];
  const others = await Promise.all(nets.map((net) => (net.isOwn ? undefined : readOther(net, files))));
  return others.filter((net) => net !== undefined);
}

async function readOther({ path, message: given, stateOf }: SolverNet, files: Files): Promise<OtherNet | undefined> {
  try {
    const message = given ? clone(NetParameterSchema, given) : path && (await readWhole(path, files));
    if (!message) return undefined;
    upgradeNetAsNeeded(message, path ?? "", silent);
    const state = stateOf(message);
    return { file: path, phase: phaseName(state.phase), layers: filterLayers(message, state, silent) };
  } catch (error) {
    if (error instanceof MokaError) return undefined; // It is not there, or has findings of its own.
    throw error;
  }
}

/** The net of a file, if all of it can be read. */
async function readWhole(path: string, files: Files): Promise<NetParameter | undefined> {
  const { message, issues } = parseNet(await files.readText(path));
  return issues.some(({ severity }) => severity === "error") ? undefined : message;
}

function samePath(a: string, b: string): boolean {
  const plain = (path: string) => path.replace(/^(?:\.\/)+/, "").replaceAll("/./", "/");
  return plain(a) === plain(b);
}
