import { create } from "@bufbuild/protobuf";
import type { Catalog } from "../core/catalog.js";
import { filterLayers } from "../core/filter-net.js";
import { inferShapes, type LayerShapes } from "../core/infer-shapes.js";
import { isDataLayer, isLoss } from "../core/layer-roles.js";
import {
  type LayerParameter,
  type NetParameter,
  NetParameterSchema,
  NetStateSchema,
  Phase,
  type SolverParameter,
} from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import type { FieldNode, FileNode } from "../proto/text/tree.js";
import { needsNetUpgrade, upgradeNetAsNeeded } from "../proto/upgrade/net.js";
import { MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";
import type { Images } from "../util/images.js";
import { silent } from "../util/log.js";
import { Random } from "../util/random.js";
import { Editor } from "./edits.js";
import { LintLayer } from "./layer.js";
import type { LintNet, NetKind } from "./net.js";
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
}

/** Reads a net's text into the form that rules see. Any text gives a result. */
export async function readLintNet(source: Source, context: LintContext): Promise<LintNet> {
  const { text, tree, file, mixed } = source;
  const { message: written, issues } = source.message(NetParameterSchema);
  const message = needsNetUpgrade(written) ? source.message(NetParameterSchema).message : written;
  return lookAt({ text, tree, mixed, issues, written, message }, file, context);
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
  const states = statesOf(message, context.solver).map(({ phase, stages }) => {
    const state = create(NetStateSchema, { phase: Phase[phase], stage: [...stages] });
    const included = attempt(() => filterLayers(message, state, silent), message.layer);
    return { phase, stages, included };
  });
  const kind = kindOf(message);
  const { solver, weights, catalog, files, images } = context;
  const views: View[] = [];
  const known = { TRAIN: new Map<LayerParameter, LayerShapes>(), TEST: new Map<LayerParameter, LayerShapes>() };
  for (const { phase, stages, included } of liveStates(kind, states)) {
    const inference = await inferShapes(included, {
      ...{ catalog, files, images, phase, log: silent, random: new Random(1), known: known[phase] },
    });
    const own = included.map((layer) => byMessage.get(layer)).filter((layer) => layer !== undefined);
    views.push(new View(phase, stages, own, inference));
  }
  return {
    ...read,
    ...{ file, failures, kind, layers, views, solver },
    edit: new Editor(text),
    weights: weights && new Blobs(weights),
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

interface State {
  readonly phase: "TRAIN" | "TEST";
  readonly stages: readonly string[];
  readonly included: readonly LayerParameter[];
}

/**
 * The states to look at: both phases with the stages that the solver gives. Without a solver: without stages, and with each
 * stage that an include or exclude rule names, because a file for several purposes uses stages to distinguish them.
 */
function statesOf(message: NetParameter, solver: SolverParameter | undefined): Pick<State, "phase" | "stages">[] {
  if (solver?.trainState || solver?.testState.length) {
    const test = solver.testState.length > 0 ? solver.testState : [create(NetStateSchema)];
    return [
      { phase: "TRAIN", stages: solver.trainState?.stage ?? [] },
      ...test.map(({ stage }) => ({ phase: "TEST" as const, stages: stage })),
    ];
  }
  const rules = message.layer.flatMap(({ include, exclude }) => [...include, ...exclude]);
  const named = new Set(rules.flatMap(({ stage, notStage }) => [...stage, ...notStage]));
  const stages = [[], ...[...named].slice(0, 8).map((stage) => [stage])];
  return (["TRAIN", "TEST"] as const).flatMap((phase) => stages.map((each) => ({ phase, stages: each })));
}

/** The states that a net of this kind can be in: those with a data layer, each set of layers once for each phase. */
function liveStates(kind: NetKind, states: readonly State[]): readonly State[] {
  const wanted = kind === "deploy" ? states.filter(({ phase }) => phase === "TEST") : states;
  const fed = wanted.filter(({ included }) => included.some(isDataLayer));
  const live = kind === "fragment" || fed.length === 0 ? wanted : fed;
  const seen = new Set<string>();
  return live.filter(({ phase, included }) => {
    const key = `${phase} ${included.map((layer) => placeKey(sourceOf(layer)?.place)).join()}`;
    return !seen.has(key) && seen.add(key);
  });
}

function kindOf({ layer }: NetParameter): NetKind {
  if (!layer.some(isDataLayer)) return "fragment";
  return layer.some(isLoss) ? "trainval" : "deploy";
}
