import type { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import { countOf, type Shape } from "../../util/shape.js";

/** How the axes after the first are cut into blocks: the block's size along each, and what is added or cut before and behind. */
export interface SpaceBlocks {
  readonly sizes: readonly number[];
  readonly before: readonly number[];
  readonly behind: readonly number[];
}

/** The blocks of `block_shape`, and of `paddings` or `crops`, two for each axis. */
export function spaceBlocks(
  layer: Layer,
  field: string,
  sizes: readonly number[],
  margin: string,
  edges: readonly number[],
): SpaceBlocks {
  layer.check(
    sizes.length > 0 && sizes.every((size) => size > 0),
    "MOKA_FIELD",
    `${field}.block_shape must give one size for each axis after the first that is cut, each 1 or more, not ${JSON.stringify(sizes)}`,
  );
  layer.check(
    edges.length === 2 * sizes.length,
    "MOKA_FIELD",
    `${field}.${margin} must give two numbers for each of block_shape's ${sizes.length} sizes; there are ${edges.length}`,
  );
  const pick = (side: number) => sizes.map((_, i) => edges[2 * i + side] ?? 0);
  return { sizes, before: pick(0), behind: pick(1) };
}

/**
 * Records the move of values between a blob (N, …space) and its blocks (b·N, …positions), where position j of block offset o is the value
 * at j·size + o − before along each axis. Positions outside of the blob are 0, or are left out.
 *
 * @param isJoin whether values go from the blocks to the blob
 */
export function moveBlocks(
  k: Recorder,
  { sizes, before }: SpaceBlocks,
  blob: { readonly shape: Shape; readonly span: Span },
  blocks: { readonly shape: Shape; readonly span: Span },
  isJoin: boolean,
): void {
  const axes = sizes.length;
  const [space, positions] = [blob.shape.slice(1, axes + 1), blocks.shape.slice(1, axes + 1)];
  const width = countOf(blob.shape, axes + 1);
  const images = blob.shape[0] ?? 0;
  const area = countOf(positions);
  const index = new Int32Array(axes);
  const offset = new Int32Array(axes);
  const run = () => {
    const [from, to] = isJoin ? [blocks.span.array, blob.span.array] : [blob.span.array, blocks.span.array];
    if (!isJoin) to.fill(0);
    const count = countOf(sizes);
    for (let block = 0, at = 0; block < count; block++) {
      for (let axis = axes - 1, rest = block; axis >= 0; axis--) {
        const size = sizes[axis] as number;
        offset[axis] = (rest % size) - (before[axis] as number);
        rest = Math.floor(rest / size);
      }
      for (let n = 0; n < images; n++) {
        index.fill(0);
        for (let i = 0; i < area; i++, at += width) {
          let place = n;
          let isInside = true;
          for (let axis = 0; axis < axes; axis++) {
            const along = (index[axis] as number) * (sizes[axis] as number) + (offset[axis] as number);
            isInside &&= along >= 0 && along < (space[axis] as number);
            place = place * (space[axis] as number) + along;
          }
          if (isInside) {
            const start = place * width;
            const [source, target] = isJoin ? [at, start] : [start, at];
            for (let j = 0; j < width; j++) to[target + j] = from[source + j] as number;
          }
          for (let axis = axes - 1; axis >= 0; axis--) {
            if (++(index[axis] as number) < (positions[axis] as number)) break;
            index[axis] = 0;
          }
        }
      }
    }
  };
  const spans = isJoin ? { reads: [blocks.span], writes: [blob.span] } : { reads: [blob.span], writes: [blocks.span] };
  k.host(isJoin ? "join blocks" : "cut into blocks", run, spans);
}
