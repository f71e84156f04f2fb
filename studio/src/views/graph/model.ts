/** A net as a graph to draw: boxes of layers that follow each other, edges with shapes, modules that can be folded. */
import type { LayerSummary, NetSummary } from "moka-caffe";

/** A box: a layer, and those behind it that read nothing else. */
export interface Box {
  readonly id: string;
  readonly layers: readonly LayerSummary[];
  /** Boxes of a folded module; its own box stands for all of them. */
  readonly folded: Module | undefined;
}

export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly blob: string;
  /** `64×56×56`, without the batch; empty where it is not known. */
  readonly shape: string;
}

/** Boxes between a branching and the layer that joins the branches. */
export interface Module {
  readonly id: string;
  readonly kind: "residual" | "inception";
  readonly boxes: readonly string[];
}

export interface GraphModel {
  readonly boxes: readonly Box[];
  readonly edges: readonly Edge[];
  readonly modules: readonly Module[];
}

/** Layers that stand in one box with the layer before them. */
const follows = new Set([
  ...["BatchNorm", "Scale", "Bias", "ReLU", "PReLU", "ReLU6", "ELU", "Sigmoid", "TanH", "Dropout", "BN", "Swish"],
  ...["HardSwish", "Mish", "LRN", "Power"],
]);

/** The boxes and edges of a net, with all modules open. */
export function modelOf({ layers }: Pick<NetSummary, "layers">): GraphModel {
  const origin = new Map<string, string>();
  const named = (blob: string): string => origin.get(blob) ?? blob;
  const own = layers.filter((layer) => {
    if (!layer.inserted) return true;
    for (const { name } of layer.tops) origin.set(name, named(layer.bottoms[0]?.name ?? name));
    return false;
  });
  // Versions of blobs in place are different values: each top is numbered.
  const version = new Map<string, number>();
  const key = (blob: string) => `${blob} ${version.get(blob) ?? 0}`;
  const reads = own.map((layer) => {
    const bottoms = layer.bottoms.map(({ name }) => key(named(name)));
    for (const { name } of layer.tops) version.set(name, (version.get(name) ?? 0) + 1);
    const tops = layer.tops.map(({ name }) => key(name));
    return { layer, bottoms, tops };
  });
  const readers = new Map<string, number>();
  for (const { bottoms } of reads) for (const blob of bottoms) readers.set(blob, (readers.get(blob) ?? 0) + 1);
  const boxOf = new Map<string, string>();
  const boxes = new Map<string, LayerSummary[]>();
  const made = new Map<string, LayerSummary>();
  const edges: Edge[] = [];
  reads.forEach(({ layer, bottoms, tops }, i) => {
    const [first] = bottoms;
    const before = first === undefined ? undefined : boxOf.get(first);
    const isChained =
      bottoms.length === 1 && first !== undefined && readers.get(first) === 1 && follows.has(layer.type);
    const id = isChained && before !== undefined ? before : `${layer.name}#${i}`;
    if (id === before) boxes.get(id)?.push(layer);
    else {
      boxes.set(id, [layer]);
      bottoms.forEach((blob, k) => {
        const from = boxOf.get(blob);
        if (from !== undefined)
          edges.push({
            from,
            to: id,
            blob: named(layer.bottoms[k]?.name ?? ""),
            shape: shapeText(layer.bottoms[k]?.shape),
          });
      });
    }
    for (const top of tops) {
      boxOf.set(top, id);
      made.set(top, layer);
    }
  });
  const all = [...boxes].map(([id, own]) => ({ id, layers: own, folded: undefined }));
  return { boxes: all, edges: unique(edges), modules: modulesOf(all, edges) };
}

function unique(edges: readonly Edge[]): readonly Edge[] {
  const seen = new Map(edges.map((edge) => [`${edge.from} ${edge.to} ${edge.blob}`, edge]));
  return [...seen.values()];
}

/** The sizes of one row of the batch. */
export function shapeText(shape: readonly number[] | undefined): string {
  if (!shape) return "";
  return shape.length > 1 ? shape.slice(1).join("×") : shape.join("×");
}

/** The most boxes of a module. */
const mostBoxes = 40;

/** The parts of a net between a branching and an Eltwise or Concat that no other part enters or leaves. */
function modulesOf(boxes: readonly Box[], edges: readonly Edge[]): readonly Module[] {
  const order = new Map(boxes.map(({ id }, i) => [id, i]));
  const [before, behind] = [grouped(edges, "to", "from"), grouped(edges, "from", "to")];
  const taken = new Set<string>();
  const modules: Module[] = [];
  for (const { id, layers } of boxes) {
    const type = layers[0]?.type;
    if ((type !== "Eltwise" && type !== "Concat") || (before.get(id)?.size ?? 0) < 2) continue;
    const found = regionOf(id, before, order);
    const inside = new Set([...(found ?? []), id]);
    const isClosed = found?.every((each) => [...(behind.get(each) ?? [])].every((next) => inside.has(next)));
    if (!found || !isClosed || [...inside].some((each) => taken.has(each))) continue;
    for (const each of inside) taken.add(each);
    modules.push({
      id: `module ${id}`,
      kind: type === "Eltwise" ? "residual" : "inception",
      boxes: boxes.filter((box) => inside.has(box.id)).map((box) => box.id),
    });
  }
  return modules;
}

/** The boxes between a joining box and the nearest box that all its inputs come from; undefined if there are too many. */
function regionOf(
  id: string,
  before: ReadonlyMap<string, ReadonlySet<string>>,
  order: ReadonlyMap<string, number>,
): readonly string[] | undefined {
  const open = new Set(before.get(id));
  const region: string[] = [];
  while (open.size > 1) {
    const last = [...open].reduce((a, b) => ((order.get(b) ?? 0) > (order.get(a) ?? 0) ? b : a));
    open.delete(last);
    region.push(last);
    const above = before.get(last);
    if (!above || region.length > mostBoxes) return undefined;
    for (const each of above) open.add(each);
  }
  return region;
}

function grouped(
  edges: readonly Edge[],
  by: "from" | "to",
  value: "from" | "to",
): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const edge of edges) groups.set(edge[by], (groups.get(edge[by]) ?? new Set()).add(edge[value]));
  return groups;
}

/** The graph with these modules folded to one box each. */
export function folded({ boxes, edges, modules }: GraphModel, closed: ReadonlySet<string>): GraphModel {
  const owner = new Map<string, Module>();
  for (const module of modules) if (closed.has(module.id)) for (const id of module.boxes) owner.set(id, module);
  const idOf = (id: string) => owner.get(id)?.id ?? id;
  const merged = new Map<string, Box>();
  for (const box of boxes) {
    const module = owner.get(box.id);
    const id = idOf(box.id);
    merged.set(id, { id, layers: [...(merged.get(id)?.layers ?? []), ...box.layers], folded: module });
  }
  const kept = edges
    .map((edge) => ({ ...edge, from: idOf(edge.from), to: idOf(edge.to) }))
    .filter(({ from, to }) => from !== to);
  return { boxes: [...merged.values()], edges: unique(kept), modules };
}

/** What a color can tell of a layer. */
export type Cost = "parameters" | "multiplyAdds" | "memory" | "time";

/** The cost of a box's layers, times by name in ms. */
export function costOf(layers: readonly LayerSummary[], cost: Cost, times: ReadonlyMap<string, number>): number {
  return layers.reduce((sum, layer) => sum + (cost === "time" ? (times.get(layer.name) ?? 0) : layer[cost]), 0);
}

/** A count in three digits: `9.47 k`, `1.39 G`. */
export function short(value: number): string {
  const units = ["", " k", " M", " G", " T"];
  let [scaled, unit] = [value, 0];
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${unit === 0 ? Math.round(scaled * 100) / 100 : scaled.toPrecision(3)}${units[unit]}`;
}
