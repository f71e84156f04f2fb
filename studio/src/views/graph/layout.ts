/** Places of boxes and ways of edges, by dagre, from top to bottom. */
import dagre from "@dagrejs/dagre";

export interface Sized {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface Placed extends Sized {
  /** Of the left upper corner. */
  readonly x: number;
  readonly y: number;
}

export interface Way {
  readonly from: string;
  readonly to: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Placed[];
  readonly ways: readonly Way[];
}

export function layoutOf(
  boxes: readonly Sized[],
  edges: readonly { readonly from: string; readonly to: string }[],
): Layout {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 28, ranksep: 46, marginx: 24, marginy: 50 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of boxes) graph.setNode(id, { width, height });
  for (const [i, { from, to }] of edges.entries()) graph.setEdge(from, to, {}, String(i));
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    boxes: boxes.map(({ id, width, height }) => {
      const { x = 0, y = 0 } = graph.node(id);
      return { id, width, height, x: x - width / 2, y: y - height / 2 };
    }),
    ways: edges.map(({ from, to }, i) => ({
      from,
      to,
      points: graph.edge({ v: from, w: to, name: String(i) })?.points ?? [],
    })),
  };
}
