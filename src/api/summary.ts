import { openFiles } from "../platform/open-files.js";
import { type NetSummary, type SummaryOptions, summarizeNet } from "../tools/summary.js";
import { silent } from "../util/log.js";
import { checkOptions } from "../util/options.js";
import { type NetSource, readNet } from "./read-text.js";

/**
 * Lists the shapes and costs of each layer of a net, and the memory that runs will need. They follow from the layers' own
 * rules: nothing is allocated, filled, run or written. Data layers read the shape of their data, unless `shapes` has it.
 * If files are missing, the shapes in the layer's message are assumed. Values that remain unknown, also because of an
 * unknown layer type, are left out and marked; `log` gets a warning with the reason.
 *
 * @param net as for `Net.load`; a message is upgraded in place if it has an older form
 * @throws MokaError as loading the net would, except for missing data files and unknown layer types
 * @example
 * ```ts
 * const { layers, totals } = await summarize("net.prototxt");
 * console.log(totals.parameters); // 1579
 * for (const { name, type, tops } of layers) console.log(name, type, tops[0].shape);
 * ```
 */
export async function summarize(net: NetSource, options: SummaryOptions = {}): Promise<NetSummary> {
  checkOptions("summarize", options);
  const { log = silent } = options;
  return summarizeNet(await readNet(net, openFiles(options), log), { ...options, log });
}
