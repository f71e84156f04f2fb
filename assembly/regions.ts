// Pooling of regions. A piece of forward is a channel of a region; a piece of a gradient is a channel of the output, in all images, so
// that no two threads write to the same place. The regions are checked before: images exist, coordinates are finite.

const lowest: f32 = -f32.MAX_VALUE;

/** Half away from zero. */
function rounded(value: f32): f32 {
  const whole = trunc(value);
  const rest = value - whole;
  return rest >= 0.5 ? whole + 1 : rest <= -0.5 ? whole - 1 : whole;
}

/** An edge of a bin, cut to an axis of this size. */
function cut(edge: f32, size: i32): i32 {
  return <i32>min(max(edge, 0), <f32>size);
}

/** The start of an axis that is scaled, then rounded. */
function startOf(roi: usize, axis: usize, scale: f32): f32 {
  return rounded(load<f32>(roi + (axis << 2), 4) * scale);
}

function endOf(roi: usize, axis: usize, scale: f32): f32 {
  return rounded(load<f32>(roi + (axis << 2), 12) * scale);
}

/** The size of its bins. */
function binOf(start: f32, end: f32, bins: i32): f32 {
  return max(end - start + 1, 1) / <f32>bins;
}

export function regionMax(
  from: i32,
  to: i32,
  x: usize,
  rois: usize,
  y: usize,
  mask: usize,
  _n: i32,
  channels: i32,
  _regions: i32,
  height: i32,
  width: i32,
  outputHeight: i32,
  outputWidth: i32,
  scale: f32,
): void {
  const outputs = (<usize>(outputHeight * outputWidth)) << 2;
  y += <usize>from * outputs;
  mask += <usize>from * outputs;
  for (let piece = from; piece < to; ++piece) {
    const region = piece / channels;
    const roi = rois + <usize>region * 20;
    const left = startOf(roi, 0, scale);
    const top = startOf(roi, 1, scale);
    const binWidth = binOf(left, endOf(roi, 0, scale), outputWidth);
    const binHeight = binOf(top, endOf(roi, 1, scale), outputHeight);
    const image = <i32>load<f32>(roi);
    const plane = x + ((<usize>((image * channels + piece - region * channels) * height * width)) << 2);
    for (let i = 0; i < outputHeight; ++i) {
      const firstRow = cut(floor(<f32>i * binHeight) + top, height);
      const endRow = cut(ceil(<f32>(i + 1) * binHeight) + top, height);
      for (let j = 0; j < outputWidth; ++j) {
        const first = cut(floor(<f32>j * binWidth) + left, width);
        const end = cut(ceil(<f32>(j + 1) * binWidth) + left, width);
        let largest: f32 = endRow <= firstRow || end <= first ? 0 : lowest;
        let where = -1;
        for (let row = firstRow; row < endRow; ++row) {
          for (let at = row * width + first; at < row * width + end; ++at) {
            const value = load<f32>(plane + ((<usize>at) << 2));
            if (value > largest) {
              largest = value;
              where = at;
            }
          }
        }
        store<f32>(y, largest);
        store<f32>(mask, <f32>where);
        y += 4;
        mask += 4;
      }
    }
  }
}

/** Whether a place of an axis has a gradient from the bin of this index. */
function belongs(place: f32, start: f32, end: f32, bin: f32, index: i32): bool {
  return (
    place >= start &&
    place <= end &&
    <f32>index >= floor((place - start) / bin) &&
    <f32>index < ceil((place - start + 1) / bin)
  );
}

export function regionMaxBackward(
  from: i32,
  to: i32,
  rois: usize,
  dy: usize,
  mask: usize,
  dx: usize,
  n: i32,
  channels: i32,
  regions: i32,
  height: i32,
  width: i32,
  outputHeight: i32,
  outputWidth: i32,
  scale: f32,
): void {
  const places = height * width;
  const bins = outputHeight * outputWidth;
  const size = (<usize>places) << 2;
  for (let image = 0; image < n; ++image) {
    memory.fill(dx + <usize>(image * channels + from) * size, 0, <usize>(to - from) * size);
  }
  for (let region = 0; region < regions; ++region) {
    const roi = rois + <usize>region * 20;
    const left = startOf(roi, 0, scale);
    const top = startOf(roi, 1, scale);
    const right = endOf(roi, 0, scale);
    const bottom = endOf(roi, 1, scale);
    const binWidth = binOf(left, right, outputWidth);
    const binHeight = binOf(top, bottom, outputHeight);
    const image = <i32>load<f32>(roi);
    for (let channel = from; channel < to; ++channel) {
      const plane = dx + <usize>(image * channels + channel) * size;
      let at = (<usize>((region * channels + channel) * bins)) << 2;
      for (let i = 0; i < outputHeight; ++i) {
        for (let j = 0; j < outputWidth; ++j, at += 4) {
          const value = load<f32>(mask + at);
          if (!(value >= 0 && value < <f32>places)) continue;
          const where = <i32>value;
          const row = where / width;
          if (!belongs(<f32>row, top, bottom, binHeight, i)) continue;
          if (!belongs(<f32>(where - row * width), left, right, binWidth, j)) continue;
          const target = plane + ((<usize>where) << 2);
          store<f32>(target, load<f32>(target) + load<f32>(dy + at));
        }
      }
    }
  }
}

/** The start of an axis that is rounded, then scaled. */
function scaledStart(roi: usize, axis: usize, scale: f32): f32 {
  return rounded(load<f32>(roi + (axis << 2), 4)) * scale;
}

/** The size of its bins. */
function scaledBin(roi: usize, axis: usize, start: f32, bins: i32, scale: f32): f32 {
  const end = (rounded(load<f32>(roi + (axis << 2), 12)) + 1) * scale;
  return max<f32>(end - start, 0.1) / <f32>bins;
}

export function regionAverage(
  from: i32,
  to: i32,
  x: usize,
  rois: usize,
  y: usize,
  _n: i32,
  channels: i32,
  _regions: i32,
  height: i32,
  width: i32,
  outputHeight: i32,
  outputWidth: i32,
  scale: f32,
): void {
  const bins = outputHeight * outputWidth;
  const size = (<usize>(height * width)) << 2;
  y += (<usize>(from * bins)) << 2;
  for (let piece = from; piece < to; ++piece) {
    const region = piece / channels;
    const roi = rois + <usize>region * 20;
    const left = scaledStart(roi, 0, scale);
    const top = scaledStart(roi, 1, scale);
    const binWidth = scaledBin(roi, 0, left, outputWidth, scale);
    const binHeight = scaledBin(roi, 1, top, outputHeight, scale);
    const image = <i32>load<f32>(roi);
    let plane = x + <usize>((image * channels + piece - region * channels) * bins) * size;
    for (let i = 0; i < outputHeight; ++i) {
      const firstRow = cut(floor(<f32>i * binHeight + top), height);
      const endRow = cut(ceil(<f32>(i + 1) * binHeight + top), height);
      for (let j = 0; j < outputWidth; ++j) {
        const first = cut(floor(<f32>j * binWidth + left), width);
        const end = cut(ceil(<f32>(j + 1) * binWidth + left), width);
        const area = max(0, endRow - firstRow) * max(0, end - first);
        let total: f64 = 0;
        for (let row = firstRow; row < endRow; ++row) {
          for (let at = row * width + first; at < row * width + end; ++at)
            total += load<f32>(plane + ((<usize>at) << 2));
        }
        store<f32>(y, area > 0 ? <f32>(total / <f64>area) : 0);
        y += 4;
        plane += size;
      }
    }
  }
}

export function regionAverageBackward(
  from: i32,
  to: i32,
  rois: usize,
  dy: usize,
  dx: usize,
  n: i32,
  channels: i32,
  regions: i32,
  height: i32,
  width: i32,
  outputHeight: i32,
  outputWidth: i32,
  scale: f32,
): void {
  const bins = outputHeight * outputWidth;
  const size = (<usize>(height * width)) << 2;
  for (let image = 0; image < n; ++image) {
    memory.fill(dx + <usize>((image * channels + from) * bins) * size, 0, <usize>((to - from) * bins) * size);
  }
  for (let region = 0; region < regions; ++region) {
    const roi = rois + <usize>region * 20;
    const left = scaledStart(roi, 0, scale);
    const top = scaledStart(roi, 1, scale);
    const binWidth = scaledBin(roi, 0, left, outputWidth, scale);
    const binHeight = scaledBin(roi, 1, top, outputHeight, scale);
    const image = <i32>load<f32>(roi);
    for (let channel = from; channel < to; ++channel) {
      let plane = dx + <usize>((image * channels + channel) * bins) * size;
      let at = dy + ((<usize>((region * channels + channel) * bins)) << 2);
      for (let i = 0; i < outputHeight; ++i) {
        const firstRow = cut(floor(<f32>i * binHeight + top), height);
        const endRow = cut(ceil(<f32>(i + 1) * binHeight + top), height);
        for (let j = 0; j < outputWidth; ++j, at += 4, plane += size) {
          const first = cut(floor(<f32>j * binWidth + left), width);
          const end = cut(ceil(<f32>(j + 1) * binWidth + left), width);
          const part = load<f32>(at) / <f32>(max(0, endRow - firstRow) * max(0, end - first));
          for (let row = firstRow; row < endRow; ++row) {
            for (let place = row * width + first; place < row * width + end; ++place) {
              const target = plane + ((<usize>place) << 2);
              store<f32>(target, load<f32>(target) + part);
            }
          }
        }
      }
    }
  }
}
