/** What the graph shows: the model of the net, its layout, the selection, the costs. */
import { computed, effect, signal } from "@preact/signals";
import type { Peaks } from "moka-caffe";
import { latest } from "../../state/latest.js";
import { sayError } from "../../state/messages.js";
import { answers, computes } from "../../state/moka.js";
import { netFindings, phase, stages, summary } from "../../state/net.js";
import { mokaFiles, netFile } from "../../state/project.js";
import { caretLayer, reveal } from "../editor/reveal.js";
import type { Layout, Sized } from "./layout.js";
import { type Box, type Cost, costOf, folded, type GraphModel, modelOf } from "./model.js";

/** From so many layers on, modules start folded: one sees the whole. */
const manyLayers = 200;

export const cost = signal<Cost>("multiplyAdds");
/** Modules that are folded. */
export const closed = signal<ReadonlySet<string>>(new Set());
export const selected = signal<string | undefined>(undefined);
export const search = signal("");
/** Times of layers in ms, measured for the text that they are of. */
export const times = signal<{ readonly text: string; readonly ms: ReadonlyMap<string, number> } | undefined>(undefined);
export const isMeasuring = signal(false);
export const peaks = signal<Peaks | undefined>(undefined);

export const open = computed<GraphModel>(() => {
  const { value: found } = summary;
  return found ? modelOf(found.net) : { boxes: [], edges: [], modules: [] };
});
export const model = computed(() => folded(open.value, closed.value));

let lastNet = "";
effect(() => {
  const { modules } = open.value;
  const count = summary.value?.net.layers.length ?? 0;
  // A net with other modules is another net: its modules begin as its size says.
  const names = modules.map(({ id }) => id).join();
  if (names === lastNet) return;
  lastNet = names;
  closed.value = new Set(count > manyLayers ? modules.map(({ id }) => id) : []);
});

/** The text's size in pixels. */
export const rowHeight = 21;
const charWidth = 7.1;

function sizeOf({ id, layers, folded }: Box): Sized {
  const rows = folded ? 1 : layers.length;
  const longest = folded
    ? folded.id.length + 12
    : Math.max(...layers.map(({ name, type }) => name.length + type.length + 3));
  return { id, width: Math.max(90, Math.min(340, longest * charWidth + 20)), height: rows * rowHeight + 10 };
}

export interface Drawn {
  readonly model: GraphModel;
  readonly layout: Layout;
}
export const drawn = signal<Drawn | undefined>(undefined);

let worker: Worker | undefined;
let question = 0;
/** Lays out in a worker of its own. */
const place = latest((boxes: readonly Sized[], edges: GraphModel["edges"]): Promise<Layout> => {
  worker ??= new Worker(new URL("./layout-worker.ts", import.meta.url), { type: "module" });
  const used = worker;
  const id = ++question;
  return new Promise((resolve, reject) => {
    const answer = ({ data }: MessageEvent<{ id: number; layout?: Layout; error?: string }>) => {
      if (data.id !== id) return;
      used.removeEventListener("message", answer);
      if (data.layout) resolve(data.layout);
      else reject(new Error(data.error));
    };
    used.addEventListener("message", answer);
    used.postMessage({ id, boxes, edges: edges.map(({ from, to }) => ({ from, to })) });
  });
});

effect(() => {
  const { value: now } = model;
  if (now.boxes.length === 0) return;
  place(now.boxes.map(sizeOf), now.edges).then((layout) => {
    if (layout) drawn.value = { model: now, layout };
  }, sayError);
});

export function foldAll(isClosed: boolean): void {
  closed.value = new Set(isClosed ? open.value.modules.map(({ id }) => id) : []);
}

export function toggle(module: string): void {
  const next = new Set(closed.value);
  if (!next.delete(module)) next.add(module);
  closed.value = next;
}

/** The share of the most costly box, from 0 to 1, by box. */
export const shares = computed<ReadonlyMap<string, number>>(() => {
  const boxes = drawn.value?.model.boxes ?? [];
  const ms = times.value?.ms ?? new Map();
  const costs = boxes.map(({ id, layers }) => [id, costOf(layers, cost.value, ms)] as const);
  const most = Math.max(1e-12, ...costs.map(([, value]) => value));
  return new Map(costs.map(([id, value]) => [id, value / most]));
});

/** The worst of lint's findings on each layer, by its name: found by the line of its text. */
export const findings = computed<ReadonlyMap<string, { readonly severity: string; readonly message: string }>>(() => {
  const found = new Map<string, { readonly severity: string; readonly message: string }>();
  const rank = { error: 2, warning: 1, info: 0 } as const;
  for (const { severity, message } of netFindings.value) {
    const [, name] = /(?:layer|层) "([^"]+)"/.exec(message) ?? [];
    if (name === undefined) continue;
    const before = found.get(name);
    if (!before || rank[severity] > (rank[before.severity as keyof typeof rank] ?? 0))
      found.set(name, { severity, message });
  }
  return found;
});

/** The layers that the search finds. */
export const matches = computed(() => {
  const words = search.value.trim().toLowerCase();
  if (words === "") return [];
  const layers = open.value.boxes.flatMap((box) => box.layers);
  return layers.filter(({ name, type }) => `${name} ${type}`.toLowerCase().includes(words)).map(({ name }) => name);
});

// The layer at the editor's caret is the selected one.
effect(() => {
  const { value: name } = caretLayer;
  if (name !== undefined) selected.value = name;
});

/** Shows a layer's text in the editor. */
export async function goToText(name: string): Promise<void> {
  const file = netFile.value;
  if (!file) return;
  try {
    const item = (await answers().outlineOf(file.text.value)).find(
      (each) => each.kind === "layer" && each.name === name && isInPhase(each.from),
    );
    if (item) reveal({ file: file.name, from: item.from, to: item.to });
  } catch (error) {
    sayError(error);
  }
}

/** Layers of both phases may have one name: the one of the shown phase is meant. */
function isInPhase(from: number): boolean {
  const text = netFile.value?.text.value.slice(from) ?? "";
  const [own = ""] = /^[\s\S]*?(?=\nlayer|$)/.exec(text) ?? [];
  const [, only] = /include\s*:?\s*\{[^}]*phase\s*:\s*(TRAIN|TEST)/.exec(own) ?? [];
  return only === undefined || only === phase.value;
}

/** How often each layer is run. */
const rounds = 3;

/** Measures the time of each layer's forward, one layer at a time, and the way to the worker with it. */
export async function measure(): Promise<void> {
  const file = netFile.value;
  if (!file || isMeasuring.value) return;
  isMeasuring.value = true;
  const text = file.text.value;
  try {
    const source = text.includes("\n") ? text : `${text}\n`;
    const shapes = Object.fromEntries(
      (summary.value?.net.layers ?? [])
        .filter(({ bottoms }) => bottoms.length === 0)
        .flatMap(({ tops }) => tops.map(({ name, shape }) => [name, shape ?? []])),
    );
    const net = await computes().Net.load(source, {
      phase: "TEST",
      stages: stages.value,
      files: mokaFiles(),
      dataAsInputs: true,
      shapes,
    });
    const ms = new Map<string, number>();
    await net.forward();
    for (const { name } of net.layers) {
      const taken: number[] = [];
      for (let i = 0; i < rounds; i++) {
        const start = performance.now();
        await net.forward({}, { from: name, to: name });
        taken.push(performance.now() - start);
      }
      ms.set(name, Math.min(...taken));
    }
    await net.dispose();
    times.value = { text, ms };
  } catch (error) {
    sayError(error);
  } finally {
    isMeasuring.value = false;
  }
}

effect(() => {
  const text = netFile.value?.text.value;
  if (cost.value === "time" && text !== undefined && times.peek()?.text !== text && !isMeasuring.peek()) void measure();
});

const askPeaks = latest((text: string) =>
  answers().summarize(text, { phase: phase.value, stages: stages.value, files: mokaFiles() }),
);
let peaksLater: ReturnType<typeof setTimeout> | undefined;
effect(() => {
  const { value: found } = summary;
  clearTimeout(peaksLater);
  if (!found) return;
  // Planning the memory takes longer than all else; it waits until one pauses.
  peaksLater = setTimeout(() => {
    askPeaks(found.text.includes("\n") ? found.text : `${found.text}\n`).then(
      (net) => {
        if (net) peaks.value = net.peaks;
      },
      () => {
        peaks.value = undefined;
      },
    );
  }, 1500);
});

/** Selects what lies in a direction of the selected layer's box: along an edge, or beside it. */
export function step(direction: "up" | "down" | "left" | "right"): void {
  const { value: now } = drawn;
  if (!now) return;
  const { boxes, edges } = now.model;
  const at = boxes.find(({ layers }) => layers.some(({ name }) => name === selected.value)) ?? boxes[0];
  if (!at) return;
  const own = at.layers.findIndex(({ name }) => name === selected.value);
  const inside = direction === "down" ? at.layers[own + 1] : direction === "up" ? at.layers[own - 1] : undefined;
  if (inside && !at.folded) {
    selected.value = inside.name;
    return;
  }
  const placeOf = (id: string) => now.layout.boxes.find((box) => box.id === id);
  const [x, y] = [placeOf(at.id)?.x ?? 0, placeOf(at.id)?.y ?? 0];
  const next =
    direction === "down"
      ? edges.find(({ from }) => from === at.id)?.to
      : direction === "up"
        ? edges.find(({ to }) => to === at.id)?.from
        : now.layout.boxes
            .filter((box) => Math.abs(box.y - y) < 60 && (direction === "left" ? box.x < x : box.x > x))
            .sort((a, b) => Math.abs(a.x - x) - Math.abs(b.x - x))[0]?.id;
  const target = boxes.find(({ id }) => id === next)?.layers;
  const name = (direction === "up" ? target?.at(-1) : target?.[0])?.name;
  if (name !== undefined) selected.value = name;
}
