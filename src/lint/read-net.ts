import type { Catalog } from "../core/catalog.js";
import { filterLayers, phaseName } from "../core/filter-net.js";
import { inferShapes, type LayerShapes } from "../core/infer-shapes.js";
import { type KnownRanks, knownAlone } from "../core/known-ranks.js";
import { isDataLayer, isLoss } from "../core/layer-roles.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import {
  type LayerParameter,
  type NetParameter,
  NetParameterSchema,
  type NetState,
  Phase,
  type SolverParameter,
} from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import type { FieldNode, FileNode } from "../proto/text/tree.js";
import { needsNetUpgrade, upgradeNetAsNeeded } from "../proto/upgrade/net.js";
import { stateFor, testNetsOf } from "../solvers/solver-nets.js";
import { MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";
import type { Images } from "../util/images.js";
import { silent } from "../util/log.js";
import { Random } from "../util/random.js";
import { Editor } from "./edits.js";
import { LintLayer } from "./layer.js";
import type { LintNet, NetKind } from "./net.js";
import { netsOf, otherNets } from "./nets-of-solver.js";
import type { Source } from "./source.js";
import { View } from "./view.js";
import { Blobs } from "./weights.js";

/** The objects that are needed to look at a net. */
export interface LintContext {
  readonly catalog: Catalog;
  readonly files: Files;
  readonly images: Images;
  readonly solver?: SolverParameter | undefined;
  readonly weights?: NetParameter | undefined;
  /** The processes that train the net. Default: one. */
  readonly knownRanks?: KnownRanks | undefined;
  /** Whether these are the weights of a training that goes on, and not what it made. Default: false. */
  readonly isTraining?: boolean | undefined;
  /** The only state to look at; without a phase, both. */
  readonly state?: (StateOptions & { readonly phase?: "TRAIN" | "TEST" | undefined }) | undefined;
}

/** Reads a net's text into the form that rules see. Any text gives a result. */
export async function readLintNet(source: Source, context: LintContext): Promise<LintNet> {
  const { text, tree, file, mixed } = source;
  const { message: written, issues } = source.message(NetParameterSchema);
  const message = needsNetUpgrade(written) ? source.message(NetParameterSchema).message : written;
  const net = await lookAt({ text, tree, mixed, issues, written, message }, file, context);
  const isUnread = net.failures.length > 0 || issues.some(({ severity }) => severity === "error");
  if (net.layers.length > 0 || isUnread) return net;
  return { ...net, failures: [new MokaError("MOKA_LAYER", "the net has no layers")] };
}

/** A net that was read. A net in an older form is read twice, because the upgrade changes `message`. */
export type ReadNet = Pick<LintNet, "text" | "tree" | "mixed" | "issues" | "written" | "message">;

/** Completes a net that was read by its layers and by the states it can be in. */
export async function lookAt(read: ReadNet, file: string | undefined, context: LintContext): Promise<LintNet> {
  const { text, tree, written, message } = read;
  const failures: MokaError[] = [];
  const attempt = <T>(work: () => T, otherwise: T): T => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof MokaError)) throw error;
      if (!failures.some(({ message }) => message === error.message)) failures.push(error);
      return otherwise;
    }
  };
  attempt(() => upgradeNetAsNeeded(message, file ?? "<text>", silent), true);

  const layers = layersOf(message, written, tree, context);
  const byMessage = new Map(layers.map((layer) => [layer.message, layer]));
  const wanted = await statesOf(message, file, context);
  const states = wanted.map((each) => ({
    ...each,
    included: attempt(() => filterLayers(message, each.state, silent), message.layer),
  }));
  const kind = kindOf(message);
  const { solver, weights, knownRanks: ranks = knownAlone, isTraining, catalog, files, images } = context;
  const views: View[] = [];
  const known = { TRAIN: new Map<LayerParameter, LayerShapes>(), TEST: new Map<LayerParameter, LayerShapes>() };
  for (const { state, net, included } of context.state ? states : liveStates(kind, states)) {
    const phase = phaseName(state.phase);
    const inference = await inferShapes(included, {
      ...{ catalog, files, images, phase, log: silent, random: new Random(1), known: known[phase] },
    });
    const own = included.map((layer) => byMessage.get(layer)).filter((layer) => layer !== undefined);
    views.push(new View(state, net, own, inference, layers));
  }
  return {
    ...read,
    ...{ file, failures, kind, layers, views, solver, ranks },
    otherNets: solver && !context.state ? await otherNets(solver, message, file, files) : [],
    edit: new Editor(text),
    weights: weights && new Blobs(weights),
    isTraining,
    types: catalog.types,
  };
}

/** Finds each layer's text by the place stored with its message. Upgrades preserve the place. */
function layersOf(
  message: NetParameter,
  written: NetParameter,
  tree: FileNode,
  { catalog, files, images }: LintContext,
): LintLayer[] {
  const context = { files, images, phase: "TRAIN", log: silent, random: new Random(1), fill: () => {} } as const;
  const fields = new Map<string, FieldNode>();
  for (const field of tree.fields) {
    if (field.name !== "layer" && field.name !== "layers") continue;
    fields.set(placeKey(field), field);
  }
  const asWritten = new Map(written.layer.map((layer) => [placeKey(sourceOf(layer)?.place), layer]));
  return message.layer.map((layer) => {
    const key = placeKey(sourceOf(layer)?.place);
    return new LintLayer(layer, asWritten.get(key), fields.get(key), catalog.tryCreate(layer, context));
  });
}

function placeKey(place: { readonly line: number; readonly column: number } | undefined): string {
  return place ? `${place.line}:${place.column}` : "";
}

/** A state in which a net is looked at. */
interface State {
  readonly state: NetState;
  /** Which net of the solver it is, as "test net #0". */
  readonly net?: string | undefined;
}

interface Included extends State {
  readonly included: readonly LayerParameter[];
}

/**
 * The states to look at: the one that is asked for; else those of the solver's nets that are this one; else both phases
 * without stages, and with each stage that an include or exclude rule names, because a file for several purposes uses
 * stages to distinguish them.
 */
async function statesOf(message: NetParameter, file: string | undefined, context: LintContext): Promise<State[]> {
  const { state, solver, files } = context;
  if (state) {
    const phases = state.phase ? [state.phase] : (["TRAIN", "TEST"] as const);
    return phases.map((phase) => ({ state: stateOf(phase, state) }));
  }
  if (solver) {
    const own = (await netsOf(solver, message, file, files))
      .filter(({ isOwn }) => isOwn)
      .map(({ net, stateOf }) => ({ net, state: stateOf(message) }));
    if (own.length > 0) return testNetsOf(solver).length > 0 ? own : [...own, ...testStates(solver, message)];
    if (solver.trainState || solver.testState.length > 0) {
      return [{ state: stateFor(Phase.TRAIN, message, solver.trainState) }, ...testStates(solver, message)];
    }
  }
  const rules = message.layer.flatMap(({ include, exclude }) => [...include, ...exclude]);
  const named = new Set(rules.flatMap(({ stage, notStage }) => [...stage, ...notStage]));
  const stages = [[], ...[...named].slice(0, 8).map((stage) => [stage])];
  return (["TRAIN", "TEST"] as const).flatMap((phase) =>
    stages.map((each) => ({ state: stateOf(phase, { stages: each }) })),
  );
}

/** The states for TEST, of a solver that does not say that it tests this net. */
function testStates({ testState }: SolverParameter, message: NetParameter): State[] {
  const states = testState.length > 0 ? testState : [undefined];
  return states.map((state) => ({ state: stateFor(Phase.TEST, message, state) }));
}

/** The states that a net of this kind can be in: those with a data layer, each set of layers once for each phase. */
function liveStates(kind: NetKind, states: readonly Included[]): readonly Included[] {
  const tests = states.filter(({ state }) => state.phase === Phase.TEST);
  const wanted = kind === "deploy" && tests.length > 0 ? tests : states;
  const fed = wanted.filter(({ included }) => included.some(isDataLayer));
  const live = kind === "fragment" || fed.length === 0 ? wanted : fed;
  const seen = new Set<string>();
  return live.filter(({ state, included }) => {
    const key = `${state.phase} ${included.map((layer) => placeKey(sourceOf(layer)?.place)).join()}`;
    return !seen.has(key) && seen.add(key);
  });
}

function kindOf({ layer }: NetParameter): NetKind {
  if (!layer.some(isDataLayer)) return "fragment";
  return layer.some(isLoss) ? "trainval" : "deploy";
}
