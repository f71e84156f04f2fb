import type { Net } from "../core/net.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import type { Random, RandomState } from "../util/random.js";
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
}

interface LayerState {
  readonly layer: string;
  readonly state: unknown;
}

/** The content of `<snapshot>.moka.json`: a position, and the snapshot that it belongs to. */
interface RunState extends Position {
  readonly version: typeof version;
  readonly iter: number;
  readonly sha256: Fingerprint;
}

const version = 1;

/** The path of the run state for a solver state: `net_iter_9.moka.json` for `net_iter_9.solverstate` or its `.h5`. */
export function runStateFile(solverState: string): string {
  return `${solverState.replace(/\.solverstate(\.h5)?$/, "")}.moka.json`;
}

/** @param nets the training net, then the test nets */
export function positionOf(nets: readonly Net[], random: Random, losses: LossWindow): Position {
  const states = nets.map(({ layers }) =>
    layers.flatMap((layer) =>
      layer.saveState ? [{ layer: layer.name, state: structuredClone(layer.saveState()) }] : [],
    ),
  );
  return { random: random.state, losses, nets: states };
}

export function formatRunState(position: Position, iter: number, sha256: Fingerprint): string {
  const state: RunState = { version, iter, sha256, ...position };
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
  check(
    isObject(state.random) && isObject(state.losses) && Array.isArray(state.nets) && state.nets.every(isLayerStates),
    "MOKA_PARSE",
    "it lacks random, losses or nets",
  );
  return state as RunState;
}

/**
 * Restores the states of the nets' layers and of the generator from `position`.
 *
 * @returns messages about the parts that cannot be restored; all other parts are
 */
export async function restorePosition(position: Position, nets: readonly Net[], random: Random): Promise<string[]> {
  const problems: string[] = [];
  for (const [i, net] of nets.entries()) {
    const states = [...(position.nets[i] ?? [])];
    for (const layer of net.layers) {
      if (!layer.restoreState) continue;
      try {
        const saved = states.shift();
        check(saved?.layer === layer.name, "MOKA_DATA", "no state was saved for it");
        await layer.restoreState(saved.state);
      } catch (error) {
        if (!(error instanceof MokaError)) throw error;
        problems.push(reasonOf(layer.explain(error)));
      }
    }
  }
  try {
    random.restore(position.random);
  } catch (error) {
    problems.push(reasonOf(error));
  }
  return problems;
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

function isLayerStates(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => isObject(each) && "layer" in each && "state" in each);
}
