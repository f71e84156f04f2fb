import { PoolGeometry } from "./pool-geometry";

// The gradient of max pooling, and of other poolings that store the index in the plane that each value came from. A piece
// is a plane; the table of the call is its geometry.

/** The most values that are cleared at once. */
const cleared: i32 = 4096;

export function maxPoolBackward(from: i32, to: i32, dy: usize, mask: usize, dx: usize): void {
  const g = PoolGeometry.current;
  const input = (<usize>g.inputs) << 2;
  const output = (<usize>g.outputs) << 2;
  if (canTile(g)) {
    for (let plane = <usize>from; plane < <usize>to; ++plane) {
      unpoolPlane(g, dy + plane * output, mask + plane * output, dx + plane * input);
    }
    return;
  }
  // Several small planes are cleared at once, as many as stay in the cache.
  const step = max(1, cleared / max(1, g.inputs));
  for (let first = from; first < to; first += step) {
    const end = min(first + step, to);
    memory.fill(dx + <usize>first * input, 0, <usize>(end - first) * input);
    for (let plane = <usize>first; plane < <usize>end; ++plane) {
      const at = plane * output;
      if (g.outputs == 1) scatterOne(load<f32>(dy + at), load<f32>(mask + at), dx + plane * input, g.inputs);
      else scatterPlane(dy + at, mask + at, dx + plane * input, g.outputs, g.inputs);
    }
  }
}

function canTile(g: PoolGeometry): bool {
  return g.isTiled && g.width >= 8;
}

/** dx[mask] += dy, from zero. */
export function unpoolPlane(g: PoolGeometry, dy: usize, mask: usize, dx: usize): void {
  if (canTile(g) && unpoolTiles(g, dy, mask, dx)) return;
  memory.fill(dx, 0, (<usize>g.inputs) << 2);
  scatterPlane(dy, mask, dx, g.outputs, g.inputs);
}

function scatterPlane(dy: usize, mask: usize, dx: usize, count: i32, size: i32): void {
  for (; count >= 4; count -= 4) {
    const where = v128.load(mask);
    const isInside = v128.and(f32x4.ge(where, f32x4.splat(0)), f32x4.lt(where, f32x4.splat(<f32>size)));
    if (i32x4.all_true(isInside)) {
      const at = i32x4.shl(i32x4.trunc_sat_f32x4_s(where), 2);
      addAt(dx + <usize>(<u32>i32x4.extract_lane(at, 0)), load<f32>(dy));
      addAt(dx + <usize>(<u32>i32x4.extract_lane(at, 1)), load<f32>(dy, 4));
      addAt(dx + <usize>(<u32>i32x4.extract_lane(at, 2)), load<f32>(dy, 8));
      addAt(dx + <usize>(<u32>i32x4.extract_lane(at, 3)), load<f32>(dy, 12));
    } else for (let i: usize = 0; i < 16; i += 4) scatterOne(load<f32>(dy + i), load<f32>(mask + i), dx, size);
    dy += 16;
    mask += 16;
  }
  for (; count > 0; --count) {
    scatterOne(load<f32>(dy), load<f32>(mask), dx, size);
    dy += 4;
    mask += 4;
  }
}

/** Skips −1, which means no maximum, and any other index outside the plane: other layers may write to a mask. */
function scatterOne(value: f32, where: f32, dx: usize, size: i32): void {
  if (where >= 0 && where < <f32>size) addAt(dx + ((<usize>where) << 2), value);
}

function addAt(target: usize, value: f32): void {
  store<f32>(target, load<f32>(target) + value);
}

/** Writes dx window by window, each value once. False, with dx incomplete, if a mask does not lie in its window. */
function unpoolTiles(g: PoolGeometry, dy: usize, mask: usize, dx: usize): bool {
  const line = (<usize>g.width) << 2;
  const width = g.outputWidth;
  const whole = g.width >> 1;
  const end = <f32>g.width;
  const low = f32x4(0, 2, 4, 6);
  for (let row = 0; row < g.outputHeight; ++row) {
    const hasTwo = 2 * row + 1 < g.height;
    const rows = hasTwo ? 2 : 1;
    const index = 2 * row * g.width;
    let all = f32x4.splat(0);
    all = i32x4.eq(all, all);
    for (let column = 0; hasTwo && column < whole; ) {
      // The last four windows may overlap those before.
      if (column + 4 > whole) column = whole - 4;
      const at = (<usize>column) << 2;
      const d = v128.load(dy + at);
      const place = f32x4.sub(v128.load(mask + at), f32x4.splat(<f32>(index + 2 * column)));
      const is00 = f32x4.eq(place, low);
      const is01 = f32x4.eq(place, f32x4.add(low, f32x4.splat(1)));
      const is10 = f32x4.eq(place, f32x4.add(low, f32x4.splat(end)));
      const is11 = f32x4.eq(place, f32x4.add(low, f32x4.splat(end + 1)));
      all = v128.and(all, v128.or(v128.or(is00, is01), v128.or(is10, is11)));
      const d00 = v128.and(d, is00);
      const d01 = v128.and(d, is01);
      const d10 = v128.and(d, is10);
      const d11 = v128.and(d, is11);
      const target = dx + 2 * at;
      v128.store(target, v128.shuffle<f32>(d00, d01, 0, 4, 1, 5));
      v128.store(target, v128.shuffle<f32>(d00, d01, 2, 6, 3, 7), 16);
      v128.store(target + line, v128.shuffle<f32>(d10, d11, 0, 4, 1, 5));
      v128.store(target + line, v128.shuffle<f32>(d10, d11, 2, 6, 3, 7), 16);
      column += 4;
    }
    if (!i32x4.all_true(all)) return false;
    // Windows that extend beyond the edge.
    for (let column = hasTwo ? whole : 0; column < width; ++column) {
      const at = (<usize>column) << 2;
      const d = load<f32>(dy + at);
      const place = load<f32>(mask + at) - <f32>(index + 2 * column);
      let isFound = false;
      for (let i = 0; i < rows; ++i) {
        for (let j = 0; j < 2 && 2 * column + j < g.width; ++j) {
          const isIt = place == <f32>(i * g.width + j);
          store<f32>(dx + <usize>i * line + 2 * at + ((<usize>j) << 2), isIt ? d : 0);
          isFound = isFound || isIt;
        }
      }
      if (!isFound) return false;
    }
    dy += (<usize>width) << 2;
    mask += (<usize>width) << 2;
    dx += 2 * line;
  }
  return true;
}
