import type { Net } from "../core/net.js";
import type { Span } from "../core/span.js";
import { usesOf } from "../core/uses.js";

/** Bytes that BVLC Caffe on a CPU would use for a net, by purpose. */
export interface CaffeMemory {
  /** Data of all blobs, and the diffs that backward uses; blobs that share count once. */
  readonly blobs: number;
  readonly params: number;
  /** Layers' buffers, by layer type; types with almost no buffers are left out. */
  readonly buffers: Readonly<Record<string, number>>;
  readonly total: number;
}

/**
 * The memory that BVLC Caffe would use for this net once it has run. Every blob has its own memory there. Layers have the
 * buffers that their Reshape declares and their forward and backward use on a CPU.
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
  for (const { layer, bottom, top, needsBackward } of net.nodes) {
    const { type } = layer;
    const shapes = { bottom: bottom.map(({ shape }) => shape), top: top.map(({ shape }) => shape) };
    const inPlace = bottom.length > 0 && bottom[0] === top[0];
    const own = bytes(layer.caffeBuffers({ ...shapes, inPlace, backward: trains && needsBackward }));
    if (own > 0) buffers[type] = (buffers[type] ?? 0) + own;
  }
  const total = Object.values(buffers).reduce((sum, each) => sum + each, blobs + params);
  return { blobs, params, buffers, total };
}

const bytes = (values: number) => 4 * values;
