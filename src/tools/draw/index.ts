import type { LayerGroup } from "../../core/layer-facts.js";
import type { LayerParameter } from "../../proto/gen/caffe_pb.js";
import { element, escapeXml, type Point, round, svgFile, text, textWidth } from "../svg.js";
import { describeLayer, describeLrMult } from "./describe.js";
import { type BlobBox, type BlobEdge, type LayerBox, type NetGraph, netGraph, type PhaseOfNet } from "./graph.js";
import { groupColours, layerGroup } from "./groups.js";

export type { PhaseOfNet } from "./graph.js";

/** The directions of the data flow: down, to the right, up, or to the left. */
export const rankDirs = ["TB", "LR", "BT", "RL"] as const;
export type RankDir = (typeof rankDirs)[number];

export interface DrawLayersOptions {
  /** The direction of the data flow. Default TB, down. */
  readonly rankdir?: RankDir | undefined;
  /** Whether layers that learn show the learning rate multipliers of their parameters. Default false. */
  readonly displayLrm?: boolean | undefined;
}

/** The net that is drawn, and what is shown of its layers. */
interface Drawing extends NetGraph {
  readonly displayLrm: boolean;
}

const ink = { strong: "#1d2731", soft: "#566270", line: "#8b97a3" } as const;
const size = { name: 14, type: 12, edge: 11 } as const;
const headHeight = 42;
const rowHeight = 24;
const padding = 14;
const corner = 8;
const margin = 28;
const titleHeight = 64;

/** From this number of boxes on, the exact ranking takes too long. */
const manyBoxes = 400;

/** A rectangle around its center. */
interface Placed extends Point {
  readonly width: number;
  readonly height: number;
}

/**
 * A net as an SVG file. Each layer is a box in the colour of its group, with its type and most important settings. Layers
 * that work in place are rows in the box of the layer whose top they change. Blobs with their shapes are on the edges.
 * With several phases, a layer that is not in all of them names its phases.
 */
export async function drawLayers(
  name: string,
  phases: readonly PhaseOfNet[],
  { rankdir = "TB", displayLrm = false }: DrawLayersOptions = {},
): Promise<string> {
  // Loaded only here, because loading takes time.
  const { Graph, layout } = await import("@dagrejs/dagre");
  const graph: Drawing = { ...netGraph(phases), displayLrm };
  const plan = new Graph({ multigraph: true });
  plan.setGraph({
    rankdir,
    nodesep: 28,
    edgesep: 16,
    ranksep: 28,
    ...(graph.layers.length > manyBoxes && { ranker: "tight-tree" }),
  });
  for (const box of graph.layers) plan.setNode(box.id, sizeOfBox(box, graph));
  for (const { id, blob } of graph.blobs) plan.setNode(id, sizeOfPill(blob));
  const boxes = new Map(graph.layers.map((box) => [box.id, box]));
  graph.edges.forEach((edge, index) => {
    const label = labelOf(edge, boxes.get(edge.from));
    const width = Math.max(...label.map((line) => textWidth(line, size.edge)), 0) + 8;
    plan.setEdge(edge.from, edge.to, { width, height: label.length * 14 + 2, labelpos: "c" }, String(index));
  });
  layout(plan);

  const edges = graph.edges.map((edge, index) => {
    const { points = [], x = 0, y = 0, width = 0, height = 0 } = plan.edge(edge.from, edge.to, String(index));
    const label = drawEdgeLabel(labelOf(edge, boxes.get(edge.from)), x, y);
    return { path: drawPath(points), label, places: [...points, ...cornersOf({ x, y, width, height })] };
  });
  const nodes = [...graph.layers, ...graph.blobs].map(({ id }) => plan.node(id) as Placed);
  const frame = frameOf([...nodes.flatMap(cornersOf), ...edges.flatMap(({ places }) => places)]);
  const legend = drawLegend(graph);
  const content = [
    ...edges.map(({ path }) => path),
    ...graph.layers.map((box) => drawBox(box, graph, plan.node(box.id) as Placed)),
    ...graph.blobs.map((blob) => drawPill(blob, plan.node(blob.id) as Placed)),
    ...edges.map(({ label }) => label),
  ];
  const inner = Math.max(frame.width, legend.width, textWidth(name, 18));
  const left = margin - frame.x + (frame.width < inner / 2 ? 0 : (inner - frame.width) / 2);
  const shift = `translate(${round(left)} ${round(margin + titleHeight - frame.y)})`;
  return svgFile(inner + 2 * margin, frame.height + 2 * margin + titleHeight, name, [
    element("defs", {}, arrowHead),
    text(margin, margin + 14, name, { "font-size": 18, "font-weight": 600, fill: ink.strong }),
    element("g", { transform: `translate(${margin} ${margin + 32})` }, legend.body),
    element("g", { transform: shift }, `\n${content.join("\n")}\n`),
  ]);
}

function cornersOf({ x, y, width, height }: Placed): Point[] {
  return [
    { x: x - width / 2, y: y - height / 2 },
    { x: x + width / 2, y: y + height / 2 },
  ];
}

/** The smallest rectangle around all places; dagre's own is wider than the drawing at times. */
function frameOf(places: readonly Point[]): { x: number; y: number; width: number; height: number } {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of places) {
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

const arrowHead = element(
  "marker",
  { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
  element("path", { d: "M0 0.5L8 4L0 7.5z", fill: ink.line }),
);

function typeLine(layer: LayerParameter, { onlyIn, displayLrm }: Drawing): string {
  const phase = onlyIn.get(layer);
  const rates = displayLrm ? describeLrMult(layer) : [];
  return [layer.type, ...describeLayer(layer), ...rates, ...(phase ? [`only ${phase}`] : [])].join(" · ");
}

function sizeOfBox({ layers: [first, ...others] }: LayerBox, graph: Drawing): { width: number; height: number } {
  const widths = [
    textWidth(first.name, size.name) * 1.06,
    textWidth(typeLine(first, graph), size.type),
    ...others.map((layer) => rowWidth(layer, graph)),
  ];
  return { width: Math.max(110, Math.max(...widths) + 2 * padding), height: headHeight + others.length * rowHeight };
}

/** A row with the name at the left and the type at the right. */
function rowWidth(layer: LayerParameter, graph: Drawing): number {
  return textWidth(layer.name, size.type) + 24 + textWidth(typeLine(layer, graph), size.type);
}

function sizeOfPill(blob: string): { width: number; height: number } {
  return { width: textWidth(blob, size.type) + 28, height: 26 };
}

function drawBox({ layers }: LayerBox, graph: Drawing, placed: Placed): string {
  const [first, ...others] = layers;
  const { x, y, width, height } = placed;
  const top = y - height / 2;
  const { fill, edge } = groupColours[layerGroup(first.type)];
  const outline = { x: x - width / 2, y: top, width, height, rx: corner };
  const middle = { "text-anchor": "middle", fill: ink.strong } as const;
  const parts = [
    element("title", {}, escapeXml(layers.map(({ name, type }) => `${name} (${type})`).join(", "))),
    element("rect", { ...outline, fill }),
    text(x, top + 18, first.name, { ...middle, "font-size": size.name, "font-weight": 600 }),
    text(x, top + 34, typeLine(first, graph), { ...middle, "font-size": size.type }),
    ...others.map((layer, index) =>
      drawRow(layer, graph, index === others.length - 1, placed, headHeight + index * rowHeight),
    ),
    element("rect", { ...outline, fill: "none", stroke: edge, "stroke-width": 1.4 }),
  ];
  return element("g", {}, parts.join(""));
}

/** A layer that works in place, `below` pixels under the top of its box; the last row has the box's round corners. */
function drawRow(layer: LayerParameter, graph: Drawing, isLast: boolean, box: Placed, below: number): string {
  const { fill, edge } = groupColours[layerGroup(layer.type)];
  const left = box.x - box.width / 2;
  const right = left + box.width;
  const top = box.y - box.height / 2 + below;
  const bottom = isLast
    ? `v${rowHeight - corner}a${corner} ${corner} 0 0 1 ${-corner} ${corner}h${round(2 * corner - box.width)}a${corner} ${corner} 0 0 1 ${-corner} ${-corner}z`
    : `v${rowHeight}h${round(-box.width)}z`;
  const font = { "font-size": size.type } as const;
  return [
    element("path", { d: `M${round(left)} ${round(top)}h${round(box.width)}${bottom}`, fill }),
    element("path", { d: `M${round(left)} ${round(top)}h${round(box.width)}`, stroke: edge, "stroke-opacity": 0.6 }),
    text(left + padding, top + 16, layer.name, { ...font, fill: ink.soft }),
    text(right - padding, top + 16, typeLine(layer, graph), { ...font, "text-anchor": "end", fill: ink.strong }),
  ].join("");
}

function drawPill({ blob }: BlobBox, { x, y, width, height }: Placed): string {
  const shape = { x: x - width / 2, y: y - height / 2, width, height, rx: height / 2 };
  const font = { "font-size": size.type, "text-anchor": "middle", fill: ink.strong } as const;
  const pill = element("rect", { ...shape, fill: "#ffffff", stroke: ink.line, "stroke-width": 1.2 });
  return element("g", {}, pill + text(x, y + 4, blob, font));
}

/** A curve through the middle of each segment of a line. */
function drawPath(points: readonly Point[]): string {
  const [start, ...rest] = points;
  const end = rest.at(-1);
  if (!start || !end) return "";
  const at = ({ x, y }: Point) => `${round(x)} ${round(y)}`;
  const bends = rest.slice(0, -1).map((corner, index) => {
    const next = rest[index + 1] ?? end;
    const isLast = index === rest.length - 2;
    return `Q${at(corner)} ${isLast ? at(end) : at({ x: (corner.x + next.x) / 2, y: (corner.y + next.y) / 2 })}`;
  });
  const d = `M${at(start)}${bends.length > 0 ? bends.join("") : `L${at(end)}`}`;
  return element("path", { d, fill: "none", stroke: ink.line, "stroke-width": 1.4, "marker-end": "url(#arrow)" });
}

/** The blob's name, if the box it comes from does not have it, and its shape, if it is known; ≈ means assumed. */
function labelOf({ blob, shape, isAssumed, to }: BlobEdge, from: LayerBox | undefined): string[] {
  const saidAlready = from?.layers[0].name === blob || to === `out:${blob}`;
  return [...(saidAlready ? [] : [blob]), ...(shape ? [(isAssumed ? "≈ " : "") + (shape.join("×") || "scalar")] : [])];
}

function drawEdgeLabel(lines: readonly string[], x: number, y: number): string {
  const top = y - lines.length * 7;
  const halo = { stroke: "#ffffff", "stroke-width": 4, "stroke-linejoin": "round", "paint-order": "stroke" } as const;
  const font = { "font-size": size.edge, "text-anchor": "middle", fill: ink.soft, ...halo } as const;
  return lines.map((line, index) => text(x, top + 11 + index * 14, line, font)).join("");
}

/** The groups that occur, with their colours, in one line. */
function drawLegend({ layers }: NetGraph): { readonly body: string; readonly width: number } {
  const present = new Set(layers.flatMap((box) => box.layers.map(({ type }) => layerGroup(type))));
  let x = 0;
  const parts = (Object.keys(groupColours) as LayerGroup[])
    .filter((group) => present.has(group))
    .map((group) => {
      const { fill, edge } = groupColours[group];
      const swatch = element("rect", { x, y: 0, width: 14, height: 14, rx: 3, fill, stroke: edge });
      const label = text(x + 20, 11.5, group, { "font-size": size.type, fill: ink.soft });
      x += 20 + textWidth(group, size.type) + 18;
      return swatch + label;
    });
  return { body: parts.join(""), width: x };
}
