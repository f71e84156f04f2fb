interface Size {
  readonly height: number;
  readonly width: number;
}

/** The ratios of yjxiong's Caffe where none are given. */
const defaultRatios = [1, 0.875, 0.75, 0.66];

/**
 * The heights and widths that a crop of several scales may have: ratios of the shorter side, at most `distort` places apart. A side
 * within 2 pixels of the net's is the net's.
 */
export function cropsOf({ height, width }: Size, net: number, given: readonly number[], distort: number) {
  const base = Math.min(height, width);
  const sides = (given.length > 0 ? given : defaultRatios).map((ratio) => {
    const side = Math.trunc(Math.fround(base * Math.fround(ratio)));
    return Math.abs(side - net) < 3 ? net : side;
  });
  return sides.flatMap((rows, i) =>
    sides.flatMap((columns, j): [number, number][] => (Math.abs(i - j) <= distort ? [[rows, columns]] : [])),
  );
}

/** The upper left corners of crops in the corners and the middle of an image; with `more`, at its edges and in between too. */
export function cornersOf({ height, width }: Size, rows: number, columns: number, more: boolean): [number, number][] {
  const [down, right] = [Math.trunc((height - rows) / 4), Math.trunc((width - columns) / 4)];
  const corners = [
    [0, 0],
    [0, 4],
    [4, 0],
    [4, 4],
    [2, 2],
  ];
  const others = [
    [0, 2],
    [4, 2],
    [2, 0],
    [2, 4],
    [1, 1],
    [1, 3],
    [3, 1],
    [3, 3],
  ];
  return [...corners, ...(more ? others : [])].map(([i = 0, j = 0]) => [i * down, j * right]);
}
