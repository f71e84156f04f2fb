import { oneRank } from "../../core/communicator.js";
import type { LayerContext } from "../../core/layer.js";
import { type Share, shareOf, unevenShares } from "../../data/sources/share.js";

/** The part of a layer's source that this rank takes, in batches of this size. */
export function rankShare({ ranks = oneRank, phase }: LayerContext, batchSize: number): Share {
  return shareOf(ranks.communicator, phase, batchSize);
}

/**
 * Says in rank 0's log what happens at the end of a pass over a layer's source, where the ranks' batches do not divide it. Not
 * said in TEST, where all ranks together run the batches of one process.
 *
 * @param name the layer's name
 * @param items the number of items of a pass; undefined if it is not known
 * @param what the name of the items: `records`
 * @returns whether it was said
 */
export function logShare(
  name: string,
  context: LayerContext,
  batchSize: number,
  items: number | undefined,
  what: string,
): boolean {
  const share = rankShare(context, batchSize);
  const uneven = unevenShares(share, batchSize, items, what);
  if (uneven === undefined || share.rank > 0 || context.phase === "TEST") return false;
  context.log("info", "moka:0", `${name}: ${uneven}`);
  return true;
}
