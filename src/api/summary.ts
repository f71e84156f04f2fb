import { createFiles } from "#platform";
import type { NetParameter } from "../proto/gen/caffe_pb.js";
import { upgradeNet } from "../proto/upgrade/net.js";
import { type NetSummary, type SummaryOptions, summarizeNet } from "../tools/summary.js";
import { silent } from "../util/log.js";
import { netFrom, readText } from "./read-text.js";

/**
 * Says of each layer of a net which shapes it has and what it costs, from the layers' own rules, and how much memory
 * runs will need: nothing is allocated, filled, run or written. Data layers read the shape of their data, unless `shapes`
 * has it. Where files are missing, the shapes that the layer's message gives are assumed. What cannot be known then, or
 * because a layer's type is unknown, is left out and marked; `log` gets a warning with the reason.
 *
 * @param net a prototxt: its path, or, if it has a newline, its text; or the message, which is upgraded in place if it has
 * an older form
 * @throws MokaError as loading the net would, but for data files that are missing, and for unknown types of layers
 */
export async function summarize(net: string | NetParameter, options: SummaryOptions = {}): Promise<NetSummary> {
  const { files = createFiles(), log = silent } = options;
  const message = typeof net === "string" ? netFrom(await readText(net, files), log) : upgradeNet(net, "the net", log);
  return summarizeNet(message, { ...options, files, log });
}
