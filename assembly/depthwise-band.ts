import { copyRun, fillRun } from "./run";

/**
 * Scratch memory of a depthwise convolution: this object, constants as vectors, then a band of rows. Zeros around the rows
 * make edges like the inside. For a stride of 2 the even columns of a row lie together, followed by the odd ones. A whole
 * band is copied before it is read: a load that spans two recent stores is slow.
 */
@unmanaged
export class Band {
  /** Rows and columns of the planes that rows are copied from. */
  width: i32 = 0;
  height: i32 = 0;
  /** Zeros on each side of a row. */
  pad: i32 = 0;
  /** 1 or 2 */
  stride: i32 = 0;
  /** Bytes from the even columns of a row to the odd ones. */
  half: usize = 0;

  /** Makes a band with zeros in `rows` rows; the zeros beside the rows of planes are never overwritten. */
  static make(address: usize, width: i32, height: i32, pad: i32, stride: i32, rows: i32): Band {
    const band = changetype<Band>(address);
    band.width = width;
    band.height = height;
    band.pad = pad;
    band.stride = stride;
    band.half = (<usize>((width + 2 * pad + 8) >> 1)) << 2;
    memory.fill(band.rows, 0, <usize>rows * band.pitch);
    return band;
  }

  /** Room for 14 vectors. */
  @inline
  get constants(): usize {
    return changetype<usize>(this) + 32;
  }

  @inline
  get rows(): usize {
    return changetype<usize>(this) + 256;
  }

  /** Bytes from a row to the next. */
  @inline
  get pitch(): usize {
    return 2 * this.half;
  }

  /** Copies rows [first, first + count) of a plane, with zeros for those it does not have. */
  stage(plane: usize, first: i32, count: i32): void {
    const width = this.width;
    const pitch = this.pitch;
    // The addresses of the even and of the odd columns.
    const near = (<usize>(this.pad >> 1)) << 2;
    const isOdd = (this.pad & 1) != 0;
    const even = isOdd ? near + this.half : near;
    const odd = isOdd ? near + 4 : near + this.half;
    let to = this.rows;
    for (let row = first; row < first + count; ++row) {
      const from = plane + ((<usize>(row * width)) << 2);
      if (row < 0 || row >= this.height) fillRun(to, <i32>(pitch >> 2), 0);
      else if (this.stride == 1) copyRow(from, to + ((<usize>this.pad) << 2), width);
      else part(from, to + even, to + odd, width);
      to += pitch;
    }
  }
}

/** Copies a row; the last four values may be copied twice. */
function copyRow(x: usize, y: usize, count: i32): void {
  if (count < 4) return copyRun(x, 1, y, count);
  const last = (<usize>(count - 4)) << 2;
  for (let at: usize = 0; at < last; at += 16) v128.store(y + at, v128.load(x + at));
  v128.store(y + last, v128.load(x + last));
}

/** Copies a row with even and odd values apart. */
function part(x: usize, even: usize, odd: usize, count: i32): void {
  for (; count >= 8; count -= 8) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    v128.store(even, v128.shuffle<f32>(a, b, 0, 2, 4, 6));
    v128.store(odd, v128.shuffle<f32>(a, b, 1, 3, 5, 7));
    x += 32;
    even += 16;
    odd += 16;
  }
  for (; count >= 2; count -= 2) {
    store<f32>(even, load<f32>(x));
    store<f32>(odd, load<f32>(x, 4));
    x += 8;
    even += 4;
    odd += 4;
  }
  if (count > 0) store<f32>(even, load<f32>(x));
}
