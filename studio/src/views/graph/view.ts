/** The part of the graph that is shown: a zoom and an offset, and what lies in it. */
import type { Layout, Placed } from "./layout.js";

export interface View {
  readonly zoom: number;
  /** The place of the graph's left upper corner in the window, in pixels. */
  readonly x: number;
  readonly y: number;
}

const [least, most] = [0.05, 3];

/** Zooms about a point of the window. */
export function zoomed({ zoom, x, y }: View, by: number, atX: number, atY: number): View {
  const next = Math.min(most, Math.max(least, zoom * by));
  return { zoom: next, x: atX - ((atX - x) * next) / zoom, y: atY - ((atY - y) * next) / zoom };
}

/** All of the graph in the window, not enlarged; a long one at a size that can be read, from its top. */
export function fitted(
  { width, height }: Layout,
  window: { readonly width: number; readonly height: number },
  isWhole: boolean,
): View {
  const all = Math.min(1, window.width / Math.max(1, width), window.height / Math.max(1, height));
  const zoom = Math.max(least, isWhole ? all : Math.max(all, Math.min(1, window.width / Math.max(1, width), 0.9)));
  return {
    zoom,
    x: (window.width - width * zoom) / 2,
    y: height * zoom < window.height ? (window.height - height * zoom) / 2 : 0,
  };
}

/** Whether a box is in the window, or near it. */
export function isNear(
  box: Placed,
  { zoom, x, y }: View,
  window: { readonly width: number; readonly height: number },
): boolean {
  const margin = 200;
  const [left, top] = [box.x * zoom + x, box.y * zoom + y];
  return (
    left < window.width + margin &&
    top < window.height + margin &&
    left + box.width * zoom > -margin &&
    top + box.height * zoom > -margin
  );
}

/** Moves the window no further than it must for a box to be in it. */
export function showing(view: View, box: Placed, window: { readonly width: number; readonly height: number }): View {
  const margin = 24;
  const [left, top] = [box.x * view.zoom + view.x, box.y * view.zoom + view.y];
  const [right, bottom] = [left + box.width * view.zoom, top + box.height * view.zoom];
  const move = (low: number, high: number, size: number) =>
    low < margin ? margin - low : high > size - margin ? size - margin - high : 0;
  return { ...view, x: view.x + move(left, right, window.width), y: view.y + move(top, bottom, window.height) };
}
