import { connect, type Graph } from "../core/graph.js";
import { isDataLayer } from "../core/layer-roles.js";
import type { LayerParameter } from "../proto/gen/caffe_pb.js";
import { memoized } from "../util/memoized.js";
import type { LintLayer } from "./layer.js";
import type { LintNet } from "./net.js";
import { pairByPlace } from "./pair-by-place.js";
import type { View } from "./view.js";

/** A layer in a net of one phase, perhaps of another file. */
export interface PlacedLayer {
  readonly graph: Graph;
  readonly message: LayerParameter;
  /** The layer in the text that is looked at; undefined if it is in another net of the solver, or in the weights. */
  readonly layer: LintLayer | undefined;
  /** The file of that other net. */
  readonly file: string | undefined;
}

/** A layer of TEST and the one in its place where it is trained. */
export interface PhasePair {
  /** Where it is trained: in a net of TRAIN, or in the net that the weights come from. */
  readonly from: "TRAIN" | "weights";
  readonly train: PlacedLayer;
  readonly test: PlacedLayer;
}

/** A net of one phase, with the layers that the text has. Most nets need no pairs, so the graph is made when it is asked for. */
interface PhaseNet {
  readonly graph: Graph;
  readonly own: ReadonlyMap<LayerParameter, LintLayer>;
  readonly view: View | undefined;
  /** The file, if it is another net. */
  readonly file: string | undefined;
}

/**
 * Each layer of TEST with the one in its place in TRAIN, in this text and in the other nets of the solver, and in the net that
 * the weights come from, if they tell its connections. Pairs of which this text has neither layer are left out, and those of
 * one layer that is in both phases.
 */
export const phasePairs: (net: LintNet) => readonly PhasePair[] = memoized((net) => {
  const [trains, tests] = (["TRAIN", "TEST"] as const).map((phase) => netsIn(net, phase)) as [PhaseNet[], PhaseNet[]];
  const pairs = tests.flatMap((test) => trainsFor(test, trains, net).flatMap((train) => pairsOf("TRAIN", train, test)));
  const source = sourceOfWeights(net);
  const loaded = source ? tests.filter(({ view }) => view).flatMap((test) => pairsOf("weights", source, test)) : [];
  return [...pairs, ...loaded].filter(({ train, test }) => train.message !== test.message);
});

function netsIn({ views, otherNets }: LintNet, phase: "TRAIN" | "TEST"): PhaseNet[] {
  const own = views.filter((view) => view.phase === phase);
  const others = otherNets.filter((net) => net.phase === phase);
  return [
    ...own.map((view) => ({
      get graph() {
        return graphOf(view);
      },
      own: new Map(view.layers.map((layer) => [layer.message, layer])),
      view,
      file: undefined,
    })),
    ...others.map(({ file, layers }) => {
      return { graph: connect(layers), own: new Map<never, never>(), view: undefined, file };
    }),
  ];
}

const graphOf = memoized((view: View) => connect(view.layers.map(({ message }) => message)));

/** The nets of TRAIN that a net of TEST belongs to: all; where stages are guessed, those of its stages if there are any. */
function trainsFor({ view }: PhaseNet, trains: readonly PhaseNet[], { solver }: LintNet): readonly PhaseNet[] {
  if (solver || !view) return trains;
  const alike = trains.filter((train) => train.view?.stages.join() === view.stages.join());
  return alike.length > 0 ? alike : trains;
}

function pairsOf(from: PhasePair["from"], train: PhaseNet, test: PhaseNet): readonly PhasePair[] {
  if (from === "TRAIN" && !train.view && !test.view) return [];
  if (train.view && test.view && areOneText(train.view, test.view)) return [];
  const placed = ({ graph, own, file }: PhaseNet, message: LayerParameter): PlacedLayer => {
    return { graph, message, layer: own.get(message), file };
  };
  return [...pairByPlace(train.graph, test.graph)].map(([a, b]) => {
    return { from, train: placed(train, a), test: placed(test, b) };
  });
}

/** Whether the layers of one state, apart from data, are all in the other one too: then each is in its own place. */
function areOneText(a: View, b: View): boolean {
  const isWithin = (one: View, other: View) =>
    one.layers.every((layer) => other.has(layer) || isDataLayer(layer.message));
  return a.namesakes.length === 0 && b.namesakes.length === 0 && (isWithin(a, b) || isWithin(b, a));
}

/** The net that trained weights come from, as a snapshot holds it; undefined if they have no more than names and values. */
function sourceOfWeights({ weights }: LintNet): PhaseNet | undefined {
  const layers = weights?.message.layer.filter(({ type }) => type !== "") ?? [];
  const isConnected = layers.some(({ bottom, blobs }) => bottom.length > 0 && blobs.length > 0);
  return isConnected ? { graph: connect(layers), own: new Map(), view: undefined, file: undefined } : undefined;
}

/** A BatchNorm of the net that the weights come from, which a net of TEST leaves out. */
export interface LostNorm {
  readonly norm: LayerParameter;
  /** The layer that it normalizes. */
  readonly before: LintLayer;
  /** The layer that reads what is not normalized. */
  readonly behind: LintLayer;
}

/** The BatchNorm layers with averages in the weights that TEST leaves out, though it has the layers around them. */
export function lostNorms(net: LintNet): readonly LostNorm[] {
  const source = sourceOfWeights(net);
  if (!source) return [];
  const names = new Set(net.layers.map(({ name }) => name));
  const norms = source.graph.layers.filter(({ type, name, blobs }) => {
    return type === "BatchNorm" && blobs.length > 0 && !names.has(name);
  });
  const tests = norms.length > 0 ? netsIn(net, "TEST").filter(({ view }) => view) : [];
  return tests.flatMap((test) => {
    const pairs = pairByPlace(source.graph, test.graph);
    return norms.flatMap((norm) => {
      if (pairs.has(norm)) return [];
      const around = [source.graph.maker(norm), readerOf(source.graph, norm, pairs)].map(
        (each) => each && pairs.get(each),
      );
      const [before, behind] = around.map((each) => each && test.own.get(each));
      if (!before || !behind || test.graph.maker(behind.message) !== before.message) return [];
      return [{ norm, before, behind }];
    });
  });
}

/** The first layer behind a BatchNorm, past a Scale that is left out too, that has a pair. */
function readerOf(
  graph: Graph,
  norm: LayerParameter,
  pairs: ReadonlyMap<LayerParameter, LayerParameter>,
): LayerParameter | undefined {
  const behind = graph.readers(norm).map(({ layer }) => layer);
  const [scale] = behind.filter((layer) => layer.type === "Scale" && !pairs.has(layer));
  const read = scale ? graph.readers(scale).map(({ layer }) => layer) : behind;
  return read.find((layer) => pairs.has(layer));
}
