import { isFieldSet } from "@bufbuild/protobuf";
import { type LayerParameter, LayerParameterSchema, Phase } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { MokaError } from "../util/errors.js";
import { countOf, type Shape, sameShape } from "../util/shape.js";
import type { Catalog } from "./catalog.js";
import { phaseName } from "./filter-net.js";
import { connect, type Value } from "./graph.js";
import { asInput } from "./input-layers.js";
import { givesLossAway } from "./insert-splits.js";
import type { Layer, LayerContext } from "./layer.js";
import { isDataLayer } from "./layer-roles.js";
import { type Learnable, ParamTable } from "./params.js";
import { checkCounts, setUpLayer, topsOf } from "./set-up-layer.js";
import type { Memory } from "./span.js";
import { Tensor } from "./tensor.js";

/** The context of the layers made here. It has no `fill`: fillers are checked, but no parameters are filled. */
export interface InferenceContext extends Omit<LayerContext, "fill"> {
  readonly catalog: Catalog;
  /** Shapes by blob. A data layer whose tops are all given here is not made: it needs neither data nor a known type. */
  readonly given?: ReadonlyMap<string, Shape>;
  /** Results from other states of the net in the same phase. They are reused for equal bottoms; new ones are added. */
  readonly known?: Map<LayerParameter, LayerShapes>;
}

/** The facts known about one layer; an unknown shape is undefined. */
export interface LayerShapes {
  /** The layer, set up if its bottoms are known, and closed; undefined if its type is unknown or its class throws. */
  readonly layer: Layer | undefined;
  readonly bottom: readonly (Shape | undefined)[];
  /** Shapes of the tops, also of those without a name, which the net adds. */
  readonly top: readonly (Shape | undefined)[];
  /** Shapes of the parameters; undefined if they cannot be inferred. */
  readonly params: readonly Shape[] | undefined;
  /** Whether its files could not be used. Its top shapes are then those that its message gives, if it does. */
  readonly isAssumed: boolean;
  /** The error that the layer threw: about its message, its bottoms or its files. */
  readonly error: unknown;
}

/** The shapes in one state of a net. */
export interface Inference {
  readonly layers: ReadonlyMap<LayerParameter, LayerShapes>;
  /** The last shape of each blob, by name, in the order in which they are first read or made. */
  readonly blobs: ReadonlyMap<string, Shape>;
  /** Blobs whose shape is assumed because data are missing, or depends on an assumed shape. */
  readonly assumed: ReadonlySet<string>;
  /** The errors of layers whose parameters do not fit those of the same name. */
  readonly sharing: ReadonlyMap<LayerParameter, MokaError>;
}

/**
 * Infers the shapes of a net's blobs, as far as possible. `Layer.inspect` reads files, and changes none. If the data of a
 * layer are missing, its `assumedShapes` are taken. If a layer cannot be made (an unknown type, missing data, a mistake),
 * its other tops and all that depends on them have no shape. No error is thrown.
 *
 * @param layers the layers of one state of the net, in their order
 */
export async function inferShapes(layers: readonly LayerParameter[], context: InferenceContext): Promise<Inference> {
  const { given = new Map<string, Shape>(), known } = context;
  const graph = connect(layers);
  const shapes = new Map<Value, Shape>();
  const assumed = new Set<Value>();
  const all = new Map<LayerParameter, LayerShapes>();
  for (const message of layers) {
    const bottoms = graph.bottoms(message);
    const bottom = bottoms.map((value) => shapes.get(value));
    const weighed = givesLossAway(graph, message);
    const before = weighed ? undefined : known?.get(message);
    const isSame = before?.bottom.every((shape, index) => sameShape(shape ?? unknown, bottom[index] ?? unknown));
    const found =
      before && isSame
        ? before
        : withGiven(message, await inferLayer(asInput(message, given), bottom, context, weighed), given);
    if (!weighed) known?.set(message, found);
    const isGuess = found.isAssumed || bottoms.some((value) => assumed.has(value));
    for (const [index, value] of graph.tops(message).entries()) {
      const shape = found.top[index];
      if (!shape) continue;
      shapes.set(value, shape);
      if (isGuess) assumed.add(value);
    }
    all.set(message, found);
  }
  const last = new Map(graph.values.map((value) => [value.name, value]));
  const blobs = [...last].flatMap(([name, value]) => {
    const shape = shapes.get(value);
    return shape ? [[name, shape] as const] : [];
  });
  const names = [...last].filter(([, value]) => assumed.has(value)).map(([name]) => name);
  return { layers: all, blobs: new Map(blobs), assumed: new Set(names), sharing: shareParams(named(all)).errors };
}

/** The layers with a `param { name }`: only these can share. */
function named(layers: ReadonlyMap<LayerParameter, LayerShapes>): ReadonlyMap<LayerParameter, LayerShapes> {
  return new Map([...layers].filter(([message]) => message.param.some(({ name }) => name !== "")));
}

/** The layers that could be set up, with parameters that have shapes but no memory, and these parameters, shared ones once. */
export function builtLayers({ layers }: Inference): {
  readonly layers: readonly Layer[];
  readonly learnables: readonly Learnable[];
} {
  const { table } = shareParams(layers);
  const built = [...layers.values()].flatMap(({ layer, params }) => (layer && params ? [layer] : []));
  return { layers: built, learnables: table.learnables };
}

/** Gives the layers their parameters, without memory, and shares those of one name; the errors are of those that do not fit. */
function shareParams(layers: ReadonlyMap<LayerParameter, LayerShapes>) {
  const table = new ParamTable();
  const errors = new Map<LayerParameter, MokaError>();
  for (const [message, { layer, params = [] }] of layers) {
    if (!layer) continue;
    layer.params = params.map((shape, index) => new Tensor(`${layer.name}.${index}`, shape, none));
    try {
      table.add(layer);
    } catch (error) {
      if (!(error instanceof MokaError)) throw error;
      errors.set(message, error);
    }
  }
  return { table, errors };
}

/** Only shapes are known here: no value is computed. */
const none: Memory = {
  allocate: () => {
    throw new TypeError("a net of which only the shapes are known has no memory");
  },
};

/** If only some tops of a data layer have a given shape, the others get the batch size of that shape. */
function withGiven(message: LayerParameter, found: LayerShapes, given: ReadonlyMap<string, Shape>): LayerShapes {
  const batch = message.top.map((name) => given.get(name)).find((shape) => shape !== undefined)?.[0];
  if (batch === undefined || !isDataLayer(message)) return found;
  const sized = (shape: Shape | undefined) => shape && [batch, ...shape.slice(1)];
  return { ...found, top: found.top.map((shape, index) => given.get(message.top[index] ?? "") ?? sized(shape)) };
}

/** Stands for an unknown shape where shapes are compared. No real shape equals it: sizes are never negative. */
const unknown: Shape = [-1];

/** Whether an error says that a file is missing or cannot be used. */
export function isMissing(error: unknown): error is MokaError {
  return error instanceof MokaError && (error.code === "MOKA_FILE" || error.code === "MOKA_DATA");
}

async function inferLayer(
  message: LayerParameter,
  bottom: readonly (Shape | undefined)[],
  { catalog, given: _, known: __, ...context }: InferenceContext,
  isWeighedBehind: boolean,
): Promise<LayerShapes> {
  const copy = copyMessage(LayerParameterSchema, message);
  if (!isFieldSet(copy, LayerParameterSchema.field.phase)) copy.phase = Phase[context.phase];
  if (isWeighedBehind) copy.lossWeight = [];
  let layer: Layer | undefined;
  const found = (of: Partial<LayerShapes>): LayerShapes => {
    const { top = [], params, isAssumed = false, error } = of;
    const tops = Array.from({ length: layer ? topsOf(layer) : copy.top.length }, (_, index) => {
      const shape = top[index];
      return shape && countOf(shape) > 0 ? shape : undefined;
    });
    return { layer, bottom, top: tops, params, isAssumed, error };
  };
  try {
    if (!catalog.has(copy)) return found({});
    layer = catalog.create(copy, {
      ...context,
      phase: phaseName(copy.phase),
      fill: (filler, shape) => void catalog.fill(filler, shape),
    });
    checkCounts(layer);
    const known = bottom.filter((shape) => shape !== undefined);
    if (known.length < bottom.length) {
      checkFillers(layer, catalog);
      return found({});
    }
    try {
      await layer.inspect();
    } catch (error) {
      return found({ top: layer.assumedShapes(), error: layer.explain(error), isAssumed: true });
    }
    const { top, params } = setUpLayer(layer, known, catalog.fill);
    return found({ top, params: params.map(({ shape }) => shape) });
  } catch (error) {
    return found({ error: layer ? layer.explain(error) : error });
  } finally {
    await layer?.close();
  }
}

/** Checks the filler of the weights of a layer whose bottoms are unknown, as far as it does not depend on a shape. */
function checkFillers({ weightFiller }: Layer, catalog: Catalog): void {
  if (weightFiller?.filler) catalog.fill(weightFiller.filler, anyShape);
}

/** A shape that every filler takes. */
const anyShape: Shape = [2 ** 31 - 1, 1, 1, 1];
