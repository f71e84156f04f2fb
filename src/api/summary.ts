import { createFiles } from "#platform";
import type { NetParameter } from "../proto/gen/caffe_pb.js";
import { upgradeNet } from "../proto/upgrade/net.js";
import { type NetSummary, type SummaryOptions, summarizeNet } from "../tools/summary.js";
import { silent } from "../util/log.js";
import { netFrom, readText } from "./read-text.js";

/**
 * Lists the shapes and costs of each layer of a net, and the memory that runs will need. They follow from the layers' own
 * rules: nothing is allocated, filled, run or written. Data layers read the shape of their data, unless `shapes` has it.
 * If files are missing, the shapes in the layer's message are assumed. Values that remain unknown, also because of an
 * unknown layer type, are left out and marked; `log` gets a warning with the reason.
 *
 * @param net a prototxt: its path, or, if it has a `{` or a newline, its text; or the message, which is upgraded in place if it has
 * an older form
 * @throws MokaError as loading the net would, except for missing data files and unknown layer types
 */
export async function summarize(net: string | NetParameter, options: SummaryOptions = {}): Promise<NetSummary> {
  const { files = createFiles(), log = silent } = options;
  const message = typeof net === "string" ? netFrom(await readText(net, files), log) : upgradeNet(net, "the net", log);
  return summarizeNet(message, { ...options, files, log });
}
