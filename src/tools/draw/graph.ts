import { connect, type Graph, type Value } from "../../core/graph.js";
import type { Phase } from "../../core/layer.js";
import type { LayerParameter } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";

/** The layers of a net in one state, and its known shapes. */
export interface PhaseOfNet {
  readonly phase: Phase;
  readonly layers: readonly LayerParameter[];
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Blobs whose shapes are assumed, because data are missing. */
  readonly assumed?: ReadonlySet<string> | undefined;
}

/** A layer, and the layers that work in place on its top. */
export interface LayerBox {
  readonly id: string;
  readonly layers: readonly [LayerParameter, ...LayerParameter[]];
}

/** A blob that no layer makes, or that none reads. */
export interface BlobBox {
  readonly id: string;
  readonly blob: string;
}

/** A blob that goes from one box to another. */
export interface BlobEdge {
  readonly from: string;
  readonly to: string;
  readonly blob: string;
  readonly shape: Shape | undefined;
  readonly isAssumed: boolean;
}

export interface NetGraph {
  readonly layers: readonly LayerBox[];
  readonly blobs: readonly BlobBox[];
  readonly edges: readonly BlobEdge[];
  /** Layers that some phases do not have, with the phases that have them. */
  readonly onlyIn: ReadonlyMap<LayerParameter, Phase>;
}

/** A value with one of its readers, and the index of the reader's bottom; an output of the net has no reader. */
interface Reading {
  readonly phase: PhaseOfNet;
  readonly value: Value;
  readonly reader: LayerParameter | undefined;
  readonly index: number;
}

/** The drawing of a net: all layers of all phases. A layer in several phases has the same message in each. */
export function netGraph(phases: readonly PhaseOfNet[]): NetGraph {
  const order = [...new Set(phases.flatMap(({ layers }) => layers))];
  const states = phases.map((phase) => ({ phase, graph: connect(phase.layers) }));
  const graphs = states.map(({ graph }) => graph);
  const boxes: { readonly id: string; readonly layers: [LayerParameter, ...LayerParameter[]] }[] = [];
  const boxOf = new Map<LayerParameter, (typeof boxes)[number]>();
  for (const layer of order) {
    const host = hostOf(layer, graphs);
    const shared = host && boxOf.get(host);
    const box = shared ?? { id: `layer${boxes.length}`, layers: [layer] };
    if (shared) shared.layers.push(layer);
    else boxes.push(box);
    boxOf.set(layer, box);
  }

  const blobs = new Map<string, BlobBox>();
  const edges = new Map<string, BlobEdge>();
  for (const { phase, value, reader, index } of states.flatMap(readingsOf)) {
    const { name: blob, maker: producer } = value;
    const from = (producer && boxOf.get(producer.layer)?.id) ?? `in:${blob}`;
    const to = (reader && boxOf.get(reader)?.id) ?? `out:${blob}`;
    if (from === to) continue;
    if (!producer || !reader) blobs.set(producer ? to : from, { id: producer ? to : from, blob });
    const key = JSON.stringify([from, to, blob, index]);
    if (edges.get(key)?.shape) continue;
    edges.set(key, { from, to, blob, shape: phase.shapes.get(blob), isAssumed: phase.assumed?.has(blob) ?? false });
  }
  const onlyIn = order.flatMap((layer) => {
    const holding = states.filter(({ graph }) => graph.has(layer));
    const [only] = holding;
    return only && holding.length < phases.length ? [[layer, only.phase.phase] as const] : [];
  });
  return { layers: boxes, blobs: [...blobs.values()], edges: [...edges.values()], onlyIn: new Map(onlyIn) };
}

/** The values of all bottoms, and the outputs. */
function readingsOf({ phase, graph }: { readonly phase: PhaseOfNet; readonly graph: Graph }): Reading[] {
  return [
    ...graph.layers.flatMap((reader) => graph.bottoms(reader).map((value, index) => ({ phase, value, reader, index }))),
    ...graph.outputs.map((value) => ({ phase, value, reader: undefined, index: 0 })),
  ];
}

/** The layer whose box contains a layer in place: the maker of its bottom, if no other layer reads that. */
function hostOf(layer: LayerParameter, graphs: readonly Graph[]): LayerParameter | undefined {
  if (layer.bottom.length !== 1 || layer.top.length !== 1 || layer.bottom[0] !== layer.top[0]) return undefined;
  const values = graphs.flatMap((graph) => graph.bottoms(layer));
  const [first, ...others] = values.map(({ maker }) => maker?.layer);
  return others.every((maker) => maker === first) && values.every(({ readers }) => readers.length === 1)
    ? first
    : undefined;
}
