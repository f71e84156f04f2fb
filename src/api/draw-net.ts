import { createImages } from "#platform";
import { filterLayers } from "../core/filter-net.js";
import { inferShapes, isMissing } from "../core/infer-shapes.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import { createCatalog } from "../layers/registry.js";
import { openFiles } from "../platform/open-files.js";
import type { NetParameter } from "../proto/gen/caffe_pb.js";
import { parseNet } from "../proto/text/index.js";
import { upgradeNet } from "../proto/upgrade/net.js";
import { type DrawLayersOptions, drawLayers, type PhaseOfNet, rankDirs } from "../tools/draw/index.js";
import { check, MokaError } from "../util/errors.js";
import { type Log, silent } from "../util/log.js";
import { checkOptions } from "../util/options.js";
import { Random } from "../util/random.js";
import type { RunOptions } from "./environment.js";
import { checkNet, isNet, type NetSource, nameOf, readText, type Text } from "./read-text.js";

export interface DrawOptions
  extends StateOptions,
    DrawLayersOptions,
    Pick<RunOptions, "files" | "signal" | "onProgress" | "log"> {
  /** The phase whose layers are drawn. Default: both phases; a layer of both is drawn once. */
  readonly phase?: "TRAIN" | "TEST" | undefined;
}

/**
 * Draws a net as an SVG file. Blobs have their shapes, if these can be inferred: after a layer of an unknown type they
 * cannot. If data are missing, `log` gets their names, and shapes that are assumed instead have ≈ in front.
 *
 * @param source the net, as for `Net.load`
 * @throws MokaError if the file cannot be read or has no layers. A net that cannot be built, or has mistakes in its
 * text, is drawn too, and its problems go to `log`
 * @example
 * ```ts
 * const svg = await drawNet("examples/article/train_val.prototxt", { phase: "TRAIN", rankdir: "LR" });
 * ```
 */
export async function drawNet(source: NetSource, options: DrawOptions = {}): Promise<string> {
  checkOptions("drawNet", options);
  const { phase, rankdir = "TB", displayLrm, log = silent } = options;
  const files = openFiles(options);
  check(rankDirs.includes(rankdir), "MOKA_USAGE", `rankdir must be ${rankDirs.join(", ")}, not "${rankdir}"`);
  const net = isNet(source)
    ? upgradeNet(source, nameOf(source), log)
    : readLeniently(await readText(source, files), log);
  const context = { catalog: createCatalog(), files, images: createImages(), log: silent };
  const phases: PhaseOfNet[] = [];
  const missing = new Set<string>();
  for (const each of phase === undefined ? (["TRAIN", "TEST"] as const) : [phase]) {
    const included = filterLayers(net, stateOf(each, options), log);
    const inference = await inferShapes(included, { ...context, phase: each, random: new Random(1) });
    const { blobs: shapes, assumed, layers: found } = inference;
    for (const { error } of found.values()) if (isMissing(error)) missing.add(error.message);
    phases.push({ phase: each, layers: included, shapes, assumed });
  }
  for (const message of missing) log("warning", "", message);
  return drawLayers(net.name || "net", phases, { rankdir, displayLrm });
}

/**
 * Draws a net to a file, as pycaffe's `draw_net_to_file`: an SVG or, in Node, a PNG, by extension. See `drawNet`.
 *
 * @throws MokaError `MOKA_USAGE` for another extension, `MOKA_UNSUPPORTED` for a PNG in a page
 * @example
 * ```ts
 * await drawNetToFile("examples/article/deploy.prototxt", "net.png", { rankdir: "LR" });
 * ```
 */
export async function drawNetToFile(source: NetSource, path: string, options: DrawOptions = {}): Promise<void> {
  const files = openFiles(options);
  const [, extension] = /\.(svg|png)$/i.exec(path) ?? [];
  check(extension, "MOKA_USAGE", `${path}: a net is drawn as SVG or PNG; give a name that ends in .svg or .png`);
  const svg = await drawNet(source, { ...options, files });
  const isPng = extension.toLowerCase() === "png";
  await files.write(path, isPng ? await createImages().rasterize(svg) : new TextEncoder().encode(svg));
}

/** Reads a net. What cannot be read, for example a fork's value of an enum, is logged and left out of the drawing. */
function readLeniently({ text, file }: Text, log: Log): NetParameter {
  const { message, issues } = parseNet(text, { file });
  for (const issue of issues) {
    const { severity, line, column } = issue;
    log(severity, "io.cpp:36", `${file ?? "<text>"}:${line}:${column}: ${issue.message}`);
  }
  checkNet(message, { text, file });
  const net = upgradeNet(message, file ?? "<text>", log);
  if (net.layer.length > 0) return net;
  const [first] = issues.filter(({ severity }) => severity === "error");
  throw first
    ? new MokaError("MOKA_PARSE", first.message, { place: { file, ...first } })
    : new MokaError("MOKA_DATA", `${file ?? "the text"} has no layers to draw`);
}
