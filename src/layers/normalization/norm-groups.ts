import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import { countOf, type Shape } from "../../util/shape.js";

/** A norm: √(Σx² + eps), or Σ|x| + eps. */
export interface Norm {
  /** Whether the sum is over each image; else over the channels at each place. */
  readonly isAcross: boolean;
  readonly isL1: boolean;
  readonly eps: number;
}

/** Neighbouring groups, a number for each at `at`: their values are the `dim` of (outer, dim, inner) from `start` on. */
interface Block {
  readonly start: number;
  readonly at: number;
  readonly size: { readonly outer: number; readonly dim: number; readonly inner: number };
}

/**
 * The groups of values that have a norm each: all values of an image, or its values at one place, one of each channel.
 * Numbers of groups are by image, then by place.
 */
export class NormGroups {
  /** The number of groups. */
  readonly count: number;
  readonly #blocks: readonly Block[];

  /** @param isAcross whether a group is an image; the channels are on axis 1 */
  constructor(shape: Shape, isAcross: boolean) {
    const [images = 1, channels = 1] = shape;
    const inner = countOf(shape, 2);
    const image = channels * inner;
    const isWhole = isAcross || inner === 1;
    this.count = isWhole ? images : images * inner;
    this.#blocks = isWhole
      ? [{ start: 0, at: 0, size: { outer: 1, dim: images, inner: image } }]
      : Array.from({ length: images }, (_, i) => ({
          start: i * image,
          at: i * inner,
          size: { outer: channels, dim: inner, inner: 1 },
        }));
  }

  /** to = Σ a·b over each group; without b, Σ a. */
  sum(k: Recorder, a: Span, b: Span | undefined, to: Span): void {
    this.#each((part, numbers, size) => {
      if (b) k.scaleBackward({ x: part(a), dy: part(b), dscale: numbers(to), accumulate: false, ...size });
      else k.biasBackward({ dy: part(a), dbias: numbers(to), accumulate: false, ...size });
    });
  }

  /** y = x·by[group]. It may work in place. */
  scale(k: Recorder, x: Span, by: Span, y: Span): void {
    this.#each((part, numbers, size) => {
      k.scale({ x: part(x), scale: numbers(by), bias: undefined, y: part(y), ...size });
    });
  }

  /** y = x + by[group]. It may work in place. */
  shift(k: Recorder, x: Span, by: Span, y: Span): void {
    this.#each((part, numbers, size) => {
      k.bias({ x: part(x), bias: numbers(by), y: part(y), ...size });
    });
  }

  #each(record: (part: (s: Span) => Span, numbers: (s: Span) => Span, size: Block["size"]) => void): void {
    const [{ size: whole } = { size: undefined }] = this.#blocks;
    if (this.#blocks.length === 1 && whole) {
      record(
        (s) => s,
        (s) => s,
        whole,
      );
      return;
    }
    for (const { start, at, size } of this.#blocks) {
      const part = (s: Span) => s.slice(start, size.outer * size.dim * size.inner);
      record(part, (s) => s.slice(at, size.dim), size);
    }
  }
}
