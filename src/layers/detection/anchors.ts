/** How a layer of proposals chooses among its boxes. */
export interface ProposalSettings {
  /** The side, in pixels before scaling, below which a box does not count. */
  readonly minSize: number;
  /** The best boxes that are compared. */
  readonly most: number;
  /** The most boxes that stay. */
  readonly limit: number;
  /** A box goes if its overlap with one that stays is greater. */
  readonly overlap: number;
}

/** Half to even, as numpy rounds. */
export function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

/**
 * The anchors at the first place, x1, y1, x2, y2 each, for each ratio of height to width and then each scale: boxes around the middle of
 * a square of 16 pixels whatever the stride, of as many pixels as the square, with whole sides, times the scale. As py-faster-rcnn's
 * `generate_anchors`.
 */
export function anchorsOf(ratios: readonly number[], scales: readonly number[], base = 16): Float64Array {
  const center = (base - 1) / 2;
  const anchors: number[] = [];
  for (const ratio of ratios) {
    const width = roundHalfEven(Math.sqrt((base * base) / ratio));
    const height = roundHalfEven(width * ratio);
    // A box of whole sides has its center where the square has it.
    for (const scale of scales) {
      const x = 0.5 * (width * scale - 1);
      const y = 0.5 * (height * scale - 1);
      anchors.push(center - x, center - y, center + x, center + y);
    }
  }
  return Float64Array.from(anchors);
}

/** The anchors at all places of a map: by row, column, then anchor. */
export function anchorsAt(
  anchors: Float64Array,
  [height, width]: readonly [number, number],
  stride: number,
): Float64Array {
  const all = new Float64Array(height * width * anchors.length);
  let at = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let i = 0; i < anchors.length; i++) all[at++] = (anchors[i] ?? 0) + (i % 2 ? row : column) * stride;
    }
  }
  return all;
}
