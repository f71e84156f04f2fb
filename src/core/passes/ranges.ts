/** Numbers from `start` to before `end`. */
export type Range = readonly [start: number, end: number];

/** Adds a range to sorted ranges, none of which touch. Ranges that it touches are joined with it. */
export function addRange(ranges: Range[], [start, end]: Range): void {
  let [first, high] = [0, ranges.length];
  while (first < high) {
    const half = (first + high) >> 1;
    if ((ranges[half] as Range)[1] < start) first = half + 1;
    else high = half;
  }
  let joined: Range = [start, end];
  let next = first;
  for (let range = ranges[next]; range && range[0] <= end; range = ranges[++next]) {
    joined = [Math.min(joined[0], range[0]), Math.max(joined[1], range[1])];
  }
  ranges.splice(first, next - first, joined);
}
