import type { Made, NetBuilder, Top } from "./net-builder.js";
import type { Blob } from "./value.js";

/** A part of an axis, which a Slice layer gives out. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly blob: Blob;
  readonly isRead: boolean;
}

/** A Slice layer, and its parts in their order. */
interface Sliced {
  readonly axis: number;
  readonly made: Made;
  parts: readonly Part[];
}

/**
 * The Slice layers of a net. Exporters write a division in equal parts as a Slice for each; here they become one layer: what a first Slice left may
 * be cut again.
 */
export class Slices {
  readonly #net: NetBuilder;
  readonly #sliced = new Map<Blob, Sliced[]>();
  readonly #unread: Blob[] = [];

  constructor(net: NetBuilder) {
    this.#net = net;
  }

  /** The entries `[start, end)` of an axis of `x`: a part of it, not all. */
  cut(x: Blob, axis: number, [start, end]: readonly [number, number], layer: string, top: Top): Blob {
    const all = this.#sliced.get(x) ?? [];
    const holds = (part: Part) => !part.isRead && part.start <= start && end <= part.end;
    const known = all.find((each) => each.axis === axis && each.parts.some(holds));
    const whole = { start: 0, end: x.shape[axis] ?? 0, blob: undefined, isRead: false };
    const pieces = (known?.parts ?? [whole]).flatMap((part) => {
      if (part.isRead || part.start > start || part.end < end) return [part];
      const edges = [...new Set([part.start, start, end, part.end])].sort((a, b) => a - b);
      return edges
        .slice(1)
        .map((to, i) => ({ start: edges[i] ?? 0, end: to, blob: undefined, isRead: edges[i] === start }));
    });
    let rest = 0;
    const tops = pieces.map(
      ({ blob, isRead }) => blob ?? (isRead ? top : { name: `${top.name}/rest${rest++}`, readers: 1 }),
    );
    const points = pieces.slice(1).map((piece) => piece.start);
    const fields = { sliceParam: { axis, slicePoint: points } };
    const { made, blobs } = known
      ? { made: known.made, blobs: this.#net.replace(known.made, x, fields, tops) }
      : this.#net.make("Slice", { name: layer, bottoms: [x], tops: tops.filter((each) => !("kind" in each)), fields });
    const parts = pieces.flatMap((piece, i) => {
      const blob = blobs[i];
      return blob ? [{ ...piece, blob }] : [];
    });
    if (known) known.parts = parts;
    else this.#sliced.set(x, [...all, { axis, made, parts }]);
    const found = parts.find((part) => part.isRead && part.start === start && part.end === end);
    if (!found) throw new TypeError("Slice has no such part");
    return found.blob;
  }

  /** Says that nothing reads some tops of layers. */
  leave(blobs: readonly Blob[]): void {
    this.#unread.push(...blobs);
  }

  /** Keeps what nothing reads from being outputs of the net, by Silence where the target has it. Returns them where it has not. */
  close(): readonly Blob[] {
    const parts = [...this.#sliced.values()].flat().flatMap((each) => each.parts);
    const unread = [...this.#unread, ...parts.filter(({ isRead }) => !isRead).map(({ blob }) => blob)];
    if (unread.length === 0 || !this.#net.can("Silence")) return unread;
    this.#net.make("Silence", { name: "unread", bottoms: unread, tops: [] });
    return [];
  }
}
