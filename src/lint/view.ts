import { formatState, phaseName } from "../core/filter-net.js";
import { Graph } from "../core/graph.js";
import { builtLayers, type Inference, type LayerShapes } from "../core/infer-shapes.js";
import type { Layer } from "../core/layer.js";
import type { NetState } from "../proto/gen/caffe_pb.js";
import type { MokaError } from "../util/errors.js";
import type { Shape } from "../util/shape.js";
import type { LintLayer } from "./layer.js";

/** The graph of a net in one state, with the shapes that are known. */
export class View extends Graph<LintLayer> {
  readonly phase: "TRAIN" | "TEST";
  /** The stages of the state, often none. */
  readonly stages: readonly string[];
  /** The net's name in the solver, as "test net #0"; undefined without a solver that names this net. */
  readonly net: string | undefined;
  /** The state in words. */
  readonly state: string;
  readonly #inference: Inference;

  /** @param all the layers of the file, also those that the state leaves out */
  constructor(
    state: NetState,
    net: string | undefined,
    layers: readonly LintLayer[],
    inference: Inference,
    all: readonly LintLayer[],
  ) {
    super(layers, ({ message }) => message, all);
    this.phase = phaseName(state.phase);
    this.stages = state.stage;
    this.net = net;
    this.state = formatState(state);
    this.#inference = inference;
  }

  /** The shapes of a layer's bottoms; undefined for unknown ones. */
  bottomShapes(layer: LintLayer): readonly (Shape | undefined)[] {
    return this.#shapes(layer)?.bottom ?? [];
  }

  topShapes(layer: LintLayer): readonly (Shape | undefined)[] {
    return this.#shapes(layer)?.top ?? [];
  }

  /** The shapes of a layer's parameters; undefined if they cannot be inferred. */
  paramShapes(layer: LintLayer): readonly Shape[] | undefined {
    return this.#shapes(layer)?.params;
  }

  /** The multiply-adds of a layer's forward; undefined if its shapes are unknown. */
  multiplyAdds(layer: LintLayer): number | undefined {
    const { layer: built, bottom, params } = this.#shapes(layer) ?? {};
    const known = bottom?.filter((shape) => shape !== undefined) ?? [];
    return built && params && known.length === bottom?.length ? built.multiplyAdds(known) : undefined;
  }

  /** The layers that could be set up, with parameters that have shapes but no memory. */
  get built(): readonly Layer[] {
    return builtLayers(this.#inference).layers;
  }

  /** The error that the layer threw because of its message or its bottoms, mostly a `MokaError`. */
  error(layer: LintLayer): unknown {
    return this.#shapes(layer)?.error;
  }

  /** The error of a layer whose parameters do not fit those of the same `param { name }` above. */
  sharingError({ message }: LintLayer): MokaError | undefined {
    return this.#inference.sharing.get(message);
  }

  #shapes({ message }: LintLayer): LayerShapes | undefined {
    return this.#inference.layers.get(message);
  }
}
