// Interpolation between the four nearest places. A piece is a plane.

/** The position of an output along an axis, cut to the part of the input that is used. */
function positionOf(index: i32, ratio: f32, offset: f32, size: i32): f32 {
  return min<f32>(max<f32>(<f32>index * ratio + offset, 0), <f32>(size - 1));
}

export function interpolate(
  from: i32,
  to: i32,
  x: usize,
  y: usize,
  height: i32,
  width: i32,
  outputHeight: i32,
  outputWidth: i32,
  firstRow: i32,
  firstColumn: i32,
  rows: i32,
  columns: i32,
  ratioHeight: f32,
  ratioWidth: f32,
  offsetHeight: f32,
  offsetWidth: f32,
): void {
  const line = (<usize>width) << 2;
  y += (<usize>from * <usize>(outputHeight * outputWidth)) << 2;
  for (let plane = from; plane < to; ++plane) {
    const start = x + <usize>(plane * height + firstRow) * line + ((<usize>firstColumn) << 2);
    for (let i = 0; i < outputHeight; ++i) {
      const row = positionOf(i, ratioHeight, offsetHeight, rows);
      const upper = <i32>row;
      const down = row - <f32>upper;
      const above: f32 = 1 - down;
      const top = start + <usize>upper * line;
      const bottom = upper < rows - 1 ? top + line : top;
      for (let j = 0; j < outputWidth; ++j) {
        const column = positionOf(j, ratioWidth, offsetWidth, columns);
        const left = <i32>column;
        const across = column - <f32>left;
        const before: f32 = 1 - across;
        const at = (<usize>left) << 2;
        const next = left < columns - 1 ? at + 4 : at;
        const high = before * load<f32>(top + at) + across * load<f32>(top + next);
        const low = before * load<f32>(bottom + at) + across * load<f32>(bottom + next);
        store<f32>(y, above * high + down * low);
        y += 4;
      }
    }
  }
}

export function interpolateBackward(
  from: i32,
  to: i32,
  dy: usize,
  dx: usize,
  height: i32,
  width: i32,
  outputHeight: i32,
  outputWidth: i32,
  firstRow: i32,
  firstColumn: i32,
  rows: i32,
  columns: i32,
  ratioHeight: f32,
  ratioWidth: f32,
  offsetHeight: f32,
  offsetWidth: f32,
): void {
  const line = (<usize>width) << 2;
  dy += (<usize>from * <usize>(outputHeight * outputWidth)) << 2;
  memory.fill(dx + <usize>(from * height) * line, 0, <usize>((to - from) * height) * line);
  for (let plane = from; plane < to; ++plane) {
    const start = dx + <usize>(plane * height + firstRow) * line + ((<usize>firstColumn) << 2);
    for (let i = 0; i < outputHeight; ++i) {
      const row = positionOf(i, ratioHeight, offsetHeight, rows);
      const upper = <i32>row;
      const down = row - <f32>upper;
      const above: f32 = 1 - down;
      const top = start + <usize>upper * line;
      const bottom = upper < rows - 1 ? top + line : top;
      for (let j = 0; j < outputWidth; ++j) {
        const column = positionOf(j, ratioWidth, offsetWidth, columns);
        const left = <i32>column;
        const across = column - <f32>left;
        const before: f32 = 1 - across;
        const at = (<usize>left) << 2;
        const next = left < columns - 1 ? at + 4 : at;
        const d = load<f32>(dy);
        const high = above * d;
        const low = down * d;
        addTo(top + at, before * high);
        addTo(top + next, across * high);
        addTo(bottom + at, before * low);
        addTo(bottom + next, across * low);
        dy += 4;
      }
    }
  }
}

function addTo(target: usize, value: f32): void {
  store<f32>(target, load<f32>(target) + value);
}
