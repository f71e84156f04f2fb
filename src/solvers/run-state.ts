import type { Communicator } from "../core/communicator.js";
import type { Layer } from "../core/layer.js";
import type { Net } from "../core/net.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import type { Random, RandomState } from "../util/random.js";
import { counted } from "../util/words.js";
import type { Fingerprint } from "./fingerprint.js";
import type { LossWindow } from "./smoothed-loss.js";

/**
 * The state of a run between two iterations that Caffe's snapshots lack, as plain JSON. A run that is resumed from a
 * snapshot and this state gives the same results, bit for bit, as a run that was not interrupted.
 */
export interface Position {
  /** The state of the generator that all layers share. */
  readonly random: RandomState;
  /** The losses of the smoothed loss. */
  readonly losses: LossWindow;
  /** For each net, the training net first: the states of its layers that have one. */
  readonly nets: readonly (readonly LayerState[])[];
  /** For each test net, the number of batches that all ranks together have run. */
  readonly tested?: readonly number[];
}

interface LayerState {
  readonly layer: string;
  readonly state: unknown;
}

/** The content of `<snapshot>.moka.json`: a position, and the snapshot that it belongs to. */
export interface RunState extends Position {
  readonly version: typeof version;
  readonly iter: number;
  readonly sha256: Fingerprint;
  /** The positions of all ranks, where several have trained; the state's own position is that of rank 0. */
  readonly ranks?: readonly Position[];
}

const version = 1;

/** The path of the run state for a solver state: `net_iter_9.moka.json` for `net_iter_9.solverstate` or its `.h5`. */
export function runStateFile(solverState: string): string {
  return `${solverState.replace(/\.solverstate(\.h5)?$/, "")}.moka.json`;
}

/** @param nets the training net, then the test nets */
export function positionOf(
  nets: readonly Net[],
  random: Random,
  losses: LossWindow,
  tested: readonly number[],
): Position {
  const states = nets.map(({ layers }) =>
    layers.flatMap((layer) =>
      layer.saveState ? [{ layer: layer.name, state: structuredClone(layer.saveState()) }] : [],
    ),
  );
  return { random: random.state, losses, nets: states, tested: [...tested] };
}

/** @param positions the position of each rank */
export function formatRunState(
  positions: readonly [Position, ...Position[]],
  iter: number,
  sha256: Fingerprint,
): string {
  const ranks = positions.length > 1 ? { ranks: positions } : {};
  const state: RunState = { version, iter, sha256, ...positions[0], ...ranks };
  return `${JSON.stringify(state)}\n`;
}

/**
 * Reads a run state that must belong to this snapshot.
 *
 * @throws MokaError `MOKA_PARSE` if it is not a run state, `MOKA_WEIGHTS` if it belongs to another snapshot
 */
export function parseRunState(text: string, iter: number, sha256: Fingerprint): RunState {
  const state = parseObject(text) as Partial<RunState>;
  check(state.version === version, "MOKA_PARSE", `it has version ${state.version}, not ${version}`);
  const changed = [
    ...(state.iter === iter ? [] : ["iteration"]),
    ...(state.sha256?.nets === sha256.nets ? [] : ["net"]),
    ...(state.sha256?.weights === sha256.weights ? [] : ["weights"]),
    ...(state.sha256?.history === sha256.history ? [] : ["history"]),
  ];
  check(changed.length === 0, "MOKA_WEIGHTS", `it was written for other files: not the same ${changed.join(", ")}`);
  check(isPosition(state), "MOKA_PARSE", "it lacks random, losses or nets");
  check(
    state.ranks === undefined || (Array.isArray(state.ranks) && state.ranks.every(isPosition)),
    "MOKA_PARSE",
    "its ranks are no positions",
  );
  return state as RunState;
}

/**
 * Restores the states of the nets' layers and of the generator of this rank from the state of a run. Where another number of
 * ranks has written it, each layer's share of its data begins where all of them stood together.
 *
 * @returns messages about the parts that cannot be restored; all other parts are
 */
export async function restorePosition(
  state: RunState,
  nets: readonly Net[],
  random: Random,
  { rank, size }: Pick<Communicator, "rank" | "size">,
): Promise<string[]> {
  const { ranks = [state] } = state;
  const own = ranks[rank];
  const isSame = ranks.length === size;
  const problems = isSame ? [] : [otherRanks(ranks.length, size)];
  for (const [i, net] of nets.entries()) {
    // In the training net rank 0 has the first share; in a test net the rank whose turn it is.
    const next = i === 0 ? 0 : (state.tested?.[i - 1] ?? 0) % ranks.length;
    for (const layer of net.layers) {
      if (!layer.restoreState) continue;
      try {
        const [saved, first] = [own, ranks[next]].map((position) => position && stateOf(position, i, layer, net));
        if (!isSame && layer.restoreShare) {
          if (!first) throw layer.error("MOKA_DATA", noState);
          await layer.restoreShare(first.state, saved?.state);
        } else if (isSame || saved) {
          if (!saved) throw layer.error("MOKA_DATA", noState);
          await layer.restoreState(saved.state);
        }
      } catch (error) {
        if (!(error instanceof MokaError)) throw error;
        problems.push(reasonOf(layer.explain(error)));
      }
    }
  }
  try {
    if (own) random.restore(own.random);
  } catch (error) {
    problems.push(reasonOf(error));
  }
  return problems;
}

const noState = "no state was saved for it";

function otherRanks(before: number, now: number): string {
  return (
    `it was written by ${counted(before, "rank")}, and ${counted(now, "rank")} ${now === 1 ? "goes" : "go"} on: data continue where they ` +
    "stood, but in other batches, and random numbers of ranks that are new begin with the seed"
  );
}

/** The saved state of a layer: states are saved in the order of the layers that have one. */
function stateOf({ nets }: Position, net: number, layer: Layer, { layers }: Net): LayerState | undefined {
  const index = layers.filter((each) => each.restoreState).indexOf(layer);
  const saved = nets[net]?.[index];
  return saved?.layer === layer.name ? saved : undefined;
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Text that is not JSON is reported below.
  }
  throw new MokaError("MOKA_PARSE", "it is no JSON object");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPosition(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { random, losses, nets, tested = [] } = value as Partial<Position>;
  const isList = Array.isArray(nets) && nets.every(isLayerStates);
  return isObject(random) && isObject(losses) && isList && Array.isArray(tested) && tested.every(Number.isInteger);
}

function isLayerStates(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => isObject(each) && "layer" in each && "state" in each);
}
