import type { Phase } from "../../core/layer.js";
import type { LayerParameter } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";

/** The layers a net has in one state, and what is known of its shapes. */
export interface PhaseOfNet {
  readonly phase: Phase;
  readonly layers: readonly LayerParameter[];
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Blobs whose shapes are assumed, since data are missing. */
  readonly assumed?: ReadonlySet<string> | undefined;
}

/** A layer, and those that work in place on what it puts out. */
export interface LayerBox {
  readonly id: string;
  readonly layers: readonly LayerParameter[];
}

/** A blob that no layer produces, or that none reads. */
export interface BlobBox {
  readonly id: string;
  readonly blob: string;
}

/** A blob on its way from one box to another. */
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
  /** Layers that are not there in every phase, and in which they are. */
  readonly onlyIn: ReadonlyMap<LayerParameter, Phase>;
}

/** A layer reads what another put out, as its bottom `index`. */
interface Reading {
  readonly phase: PhaseOfNet;
  readonly producer: LayerParameter | undefined;
  readonly blob: string;
  readonly reader: LayerParameter | undefined;
  readonly index: number;
}

/** What is to be drawn of a net: the union of its phases, whose layers are the same messages. */
export function netGraph(phases: readonly PhaseOfNet[]): NetGraph {
  const order = [...new Set(phases.flatMap(({ layers }) => layers))];
  const readings = phases.flatMap(readingsOf);
  const hosts = hostsOf(order, readings);
  const ids = new Map<LayerParameter, string>();
  const boxes: { id: string; layers: LayerParameter[] }[] = [];
  for (const layer of order) {
    const id = ids.get(hosts.get(layer) ?? layer) ?? `layer${boxes.length}`;
    ids.set(layer, id);
    const box = boxes.find((each) => each.id === id);
    if (box) box.layers.push(layer);
    else boxes.push({ id, layers: [layer] });
  }

  const blobs = new Map<string, BlobBox>();
  const edges = new Map<string, BlobEdge>();
  for (const { phase, producer, blob, reader, index } of readings) {
    const from = (producer && ids.get(producer)) ?? `in:${blob}`;
    const to = (reader && ids.get(reader)) ?? `out:${blob}`;
    if (from === to) continue;
    if (!producer || !reader) blobs.set(producer ? to : from, { id: producer ? to : from, blob });
    const key = JSON.stringify([from, to, blob, index]);
    if (edges.get(key)?.shape) continue;
    edges.set(key, { from, to, blob, shape: phase.shapes.get(blob), isAssumed: phase.assumed?.has(blob) ?? false });
  }
  const onlyIn = order.flatMap((layer) => {
    const holding = phases.filter(({ layers }) => layers.includes(layer));
    const [only] = holding;
    return only && holding.length < phases.length ? [[layer, only.phase] as const] : [];
  });
  return { layers: boxes, blobs: [...blobs.values()], edges: [...edges.values()], onlyIn: new Map(onlyIn) };
}

/** Every bottom with its producer, and the tops that are left over. */
function readingsOf(phase: PhaseOfNet): Reading[] {
  const latest = new Map<string, LayerParameter>();
  const unread = new Set<string>();
  const readings: Reading[] = [];
  for (const reader of phase.layers) {
    reader.bottom.forEach((blob, index) => {
      readings.push({ phase, producer: latest.get(blob), blob, reader, index });
      unread.delete(blob);
    });
    for (const blob of reader.top) {
      latest.set(blob, reader);
      unread.add(blob);
    }
  }
  for (const blob of unread) {
    readings.push({ phase, producer: latest.get(blob), blob, reader: undefined, index: 0 });
  }
  return readings;
}

/**
 * For layers that work in place the layer in whose box they stand: the one that made the blob, where no other layer
 * reads it before they change it.
 */
function hostsOf(
  layers: readonly LayerParameter[],
  readings: readonly Reading[],
): ReadonlyMap<LayerParameter, LayerParameter> {
  const byReader = groupBy(readings, ({ reader }) => reader);
  const byProducer = groupBy(readings, ({ producer }) => producer);
  const hosts = new Map<LayerParameter, LayerParameter>();
  for (const layer of layers) {
    const { bottom, top } = layer;
    if (bottom.length !== 1 || top.length !== 1 || bottom[0] !== top[0]) continue;
    const own = byReader.get(layer) ?? [];
    const producers = new Set(own.map(({ producer }) => producer));
    const [producer] = producers;
    if (!producer || producers.size > 1) continue;
    const phases = new Set(own.map(({ phase }) => phase));
    const others = (byProducer.get(producer) ?? []).filter(
      ({ blob, reader, phase }) => blob === bottom[0] && reader !== layer && phases.has(phase),
    );
    if (others.length === 0) hosts.set(layer, hosts.get(producer) ?? producer);
  }
  return hosts;
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
