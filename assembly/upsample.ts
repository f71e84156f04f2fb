// Larger planes of equal blocks, or of single values among zeros. A piece is a plane.

export function upsample(
  from: i32,
  to: i32,
  x: usize,
  y: usize,
  height: i32,
  width: i32,
  down: i32,
  across: i32,
): void {
  const line = (<usize>width) << 2;
  const outputLine = line * <usize>across;
  x += <usize>(from * height) * line;
  y += <usize>(from * height * down) * outputLine;
  for (let row = (to - from) * height; row > 0; --row) {
    if (across == 2) doubled(x, y, width);
    else if (across == 1) memory.copy(y, x, line);
    else repeated(x, y, width, across);
    for (let copy = 1; copy < down; ++copy) memory.copy(y + <usize>copy * outputLine, y, outputLine);
    x += line;
    y += outputLine * <usize>down;
  }
}

/** Writes each value of a row twice. */
function doubled(x: usize, y: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    const values = v128.load(x);
    v128.store(y, v128.shuffle<f32>(values, values, 0, 0, 1, 1));
    v128.store(y, v128.shuffle<f32>(values, values, 2, 2, 3, 3), 16);
    x += 16;
    y += 32;
  }
  repeated(x, y, count, 2);
}

function repeated(x: usize, y: usize, count: i32, times: i32): void {
  for (; count > 0; --count) {
    const value = load<f32>(x);
    for (let i = times; i > 0; --i) {
      store<f32>(y, value);
      y += 4;
    }
    x += 4;
  }
}

/** Sums go down the columns of a block, one after the other. */
export function upsampleBackward(
  from: i32,
  to: i32,
  dy: usize,
  dx: usize,
  height: i32,
  width: i32,
  down: i32,
  across: i32,
): void {
  const line = (<usize>width) << 2;
  const outputLine = line * <usize>across;
  dx += <usize>(from * height) * line;
  dy += <usize>(from * height * down) * outputLine;
  for (let row = (to - from) * height; row > 0; --row) {
    let column = 0;
    if (across == 2 && down == 2) {
      for (; column + 4 <= width; column += 4) {
        const p = dy + ((<usize>column) << 3);
        const low = v128.load(p);
        const high = v128.load(p, 16);
        const nextLow = v128.load(p + outputLine);
        const nextHigh = v128.load(p + outputLine, 16);
        let sum = v128.shuffle<f32>(low, high, 0, 2, 4, 6);
        sum = f32x4.add(sum, v128.shuffle<f32>(nextLow, nextHigh, 0, 2, 4, 6));
        sum = f32x4.add(sum, v128.shuffle<f32>(low, high, 1, 3, 5, 7));
        sum = f32x4.add(sum, v128.shuffle<f32>(nextLow, nextHigh, 1, 3, 5, 7));
        v128.store(dx + ((<usize>column) << 2), sum);
      }
    }
    for (; column < width; ++column) {
      let sum: f32 = 0;
      for (let j = 0; j < across; ++j) {
        let p = dy + ((<usize>(column * across + j)) << 2);
        for (let i = 0; i < down; ++i) {
          sum += load<f32>(p);
          p += outputLine;
        }
      }
      store<f32>(dx + ((<usize>column) << 2), sum);
    }
    dx += line;
    dy += outputLine * <usize>down;
  }
}

export function unpool(from: i32, to: i32, x: usize, mask: usize, y: usize, inputs: i32, outputs: i32): void {
  const size = (<usize>outputs) << 2;
  const line = (<usize>inputs) << 2;
  x += <usize>from * line;
  mask += <usize>from * line;
  y += <usize>from * size;
  for (let plane = from; plane < to; ++plane) {
    memory.fill(y, 0, size);
    const end = x + line;
    for (; x < end; x += 4) {
      const place = load<f32>(mask);
      if (place >= 0 && place < <f32>outputs) store<f32>(y + ((<usize>place) << 2), load<f32>(x));
      mask += 4;
    }
    y += size;
  }
}

export function unpoolBackward(from: i32, to: i32, dy: usize, mask: usize, dx: usize, inputs: i32, outputs: i32): void {
  const size = (<usize>outputs) << 2;
  const line = (<usize>inputs) << 2;
  dx += <usize>from * line;
  mask += <usize>from * line;
  dy += <usize>from * size;
  for (let plane = from; plane < to; ++plane) {
    const end = dx + line;
    for (; dx < end; dx += 4) {
      const place = load<f32>(mask);
      store<f32>(dx, place >= 0 && place < <f32>outputs ? load<f32>(dy + ((<usize>place) << 2)) : 0);
      mask += 4;
    }
    dy += size;
  }
}
