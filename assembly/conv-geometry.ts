import { workspace } from "./workspace";

/**
 * The geometry of a convolution: the table of its calls. Indices on the innermost spatial axis are computed by formula, in
 * runs. All axes before it are collapsed into rows. A list has the input row that each outer tap of the kernel uses at each
 * output row. So any number of axes becomes two.
 */
@unmanaged
export class Geometry {
  n: i32 = 0;
  group: i32 = 0;
  /** Of one group. */
  channels: i32 = 0;
  /** Of one group. */
  outputs: i32 = 0;
  inputRows: i32 = 0;
  inputWidth: i32 = 0;
  outputRows: i32 = 0;
  outputWidth: i32 = 0;
  /** The product of the kernel's sizes on the axes before the last. */
  outerTaps: i32 = 0;
  /** The kernel's size on the last axis; with stride, pad and dilation of that axis. */
  innerTaps: i32 = 0;
  stride: i32 = 0;
  pad: i32 = 0;
  dilation: i32 = 0;

  @inline
  static get current(): Geometry {
    return changetype<Geometry>(workspace);
  }

  /** For each output row, the input row that this outer tap uses; −1 in the padding. */
  @inline
  rowsMet(tap: i32): usize {
    return changetype<usize>(this) + 64 + ((<usize>(tap * this.outputRows)) << 2);
  }

  @inline
  inputRow(tap: i32, row: i32): i32 {
    return load<i32>(this.rowsMet(tap) + ((<usize>row) << 2));
  }

  /** Where the scratch memory after the table begins. */
  @inline
  get scratch(): usize {
    return changetype<usize>(this) + ((64 + ((<usize>(this.outerTaps * this.outputRows)) << 2) + 63) & ~63);
  }

  @inline
  get taps(): i32 {
    return this.outerTaps * this.innerTaps;
  }

  /** Whether the column matrix is the images themselves. */
  @inline
  get isPointwise(): bool {
    const oneTap = this.taps == 1 && this.stride == 1 && this.pad == 0;
    return oneTap && this.inputRows == 1 && this.outputRows == 1 && this.inputRow(0, 0) == 0;
  }

  @inline
  get positions(): i32 {
    return this.outputRows * this.outputWidth;
  }

  /** Bytes of one input channel. */
  @inline
  get inputPlane(): usize {
    return (<usize>(this.inputRows * this.inputWidth)) << 2;
  }

  /** Bytes of one output channel. */
  @inline
  get outputPlane(): usize {
    return (<usize>this.positions) << 2;
  }

  /** Distance in values from the start of a row to the input that inner tap `tap` uses at output column 0. */
  @inline
  shift(tap: i32): i32 {
    return tap * this.dilation - this.pad;
  }

  /** The number of strides that fit into a distance. Division is slow, so the most common strides have branches. */
  @inline
  steps(distance: i32): i32 {
    return this.stride == 1 ? distance : this.stride == 2 ? distance >> 1 : distance / this.stride;
  }

  /** The first output column at which a tap with this shift lies inside the input. */
  @inline
  first(shift: i32): i32 {
    return shift >= 0 ? 0 : min(this.outputWidth, this.steps(this.stride - 1 - shift));
  }

  /** The output column after the last one at which the tap lies inside the input; `first` if there is none. */
  @inline
  end(shift: i32): i32 {
    const room = this.inputWidth - 1 - shift;
    return room < 0 ? this.first(shift) : max(this.first(shift), min(this.outputWidth, this.steps(room) + 1));
  }
}
