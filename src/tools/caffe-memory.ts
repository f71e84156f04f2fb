import type { Net } from "../core/net.js";
import type { Span } from "../core/span.js";
import { usesOf } from "../core/uses.js";
import { PoolingParameter_PoolMethod as PoolMethod } from "../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../util/shape.js";

/** Bytes that BVLC Caffe, on a CPU, would hold for a net, by what they are for. */
export interface CaffeMemory {
  /** Data of all blobs, and the diffs that backward uses; blobs that share count once. */
  readonly blobs: number;
  readonly params: number;
  /** What layers keep besides, by layer type; types that keep next to nothing are not here. */
  readonly buffers: Readonly<Record<string, number>>;
  readonly total: number;
}

type Node = Net["nodes"][number];

/**
 * What BVLC Caffe would hold in memory for this net once it has run: every blob has its own there, and layers have
 * buffers, as their Reshape declares them and their forward and backward on a CPU first use them.
 */
export function caffeMemory(net: Net, trains: boolean): CaffeMemory {
  const diffs = new Set<Span>();
  if (trains) {
    for (const step of net.program("backward").steps) {
      const { reads, writes } = usesOf(step);
      for (const { span } of [...reads, ...writes]) diffs.add(span.root);
    }
  }
  const spans = new Set<Span>();
  for (const { top } of net.nodes) {
    for (const { data, diff } of top) {
      spans.add(data.root);
      if (diffs.has(diff.root)) spans.add(diff.root);
    }
  }
  const blobs = bytes([...spans].reduce((sum, { count }) => sum + count, 0));
  const params = bytes(net.learnables.reduce((sum, { tensor }) => sum + tensor.count * (trains ? 2 : 1), 0));
  const buffers: Record<string, number> = {};
  for (const node of net.nodes) {
    const { type } = node.layer;
    const own = bytes(buffersOf[type]?.(node, trains && node.needsBackward) ?? 0);
    if (own > 0) buffers[type] = (buffers[type] ?? 0) + own;
  }
  const total = Object.values(buffers).reduce((sum, each) => sum + each, blobs + params);
  return { blobs, params, buffers, total };
}

const bytes = (values: number) => 4 * values;

/** Values of the buffers of one layer. */
const buffersOf: Readonly<Record<string, (node: Node, backward: boolean) => number>> = {
  // temp_ and x_norm_, the latter with a diff where the layer works in place; the sums of each image's channels.
  BatchNorm: ({ bottom: [x], top: [y] }, backward) => {
    const count = x?.count ?? 0;
    const sums = countOf(shapeOf(x), 0, 2) + countOf(shapeOf(x), 2);
    return (backward && x === y ? 3 : 2) * count + sums;
  },
  // temp_, a copy of the bottom where the layer works in place.
  Scale: ({ bottom: [x], top: [y] }) => (x === y ? (x?.count ?? 0) : 0),
  // col_buffer_, for one image; kernels of 1×1 need none.
  Convolution: ({ layer, bottom: [x], top: [y] }) => {
    const axis = shapeOf(x).length - (shapeOf(y).length - 2);
    const kernel = countOf(shapeOf(layer.params[0]), 2);
    return kernel === 1 ? 0 : kernel * (shapeOf(x)[axis - 1] ?? 1) * countOf(shapeOf(y), axis);
  },
  Deconvolution: ({ layer, bottom: [x], top: [y] }) =>
    countOf(shapeOf(layer.params[0]), 2) * (shapeOf(y)[1] ?? 1) * countOf(shapeOf(x), 2),
  // max_idx_, unless a second top takes it.
  Pooling: ({ layer, top }) => {
    const isMax = (layer.message.poolingParam?.pool ?? PoolMethod.MAX) === PoolMethod.MAX;
    return isMax && top.length === 1 ? (top[0]?.count ?? 0) : 0;
  },
  Dropout: ({ layer, bottom: [x] }) => (layer.phase === "TRAIN" ? (x?.count ?? 0) : 0),
  LRN: ({ bottom: [x] }) => x?.count ?? 0,
  PReLU: ({ bottom: [x], top: [y] }) => (x === y ? (x?.count ?? 0) : 0) + 2 * countOf(shapeOf(x), 1),
  SoftmaxWithLoss: ({ bottom: [x] }) => x?.count ?? 0,
};

function shapeOf(tensor: { readonly shape: Shape } | undefined): Shape {
  return tensor?.shape ?? [];
}
