import { createImages } from "#platform";
import type { Catalog } from "../core/catalog.js";
import { inferShapes, isMissing } from "../core/infer-shapes.js";
import { asInput } from "../core/input-layers.js";
import { isDataLayer } from "../core/layer-roles.js";
import { createCatalog } from "../layers/registry.js";
import { openFiles } from "../platform/open-files.js";
import type { LayerParameter } from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";
import { silent } from "../util/log.js";
import { Random } from "../util/random.js";
import type { Shape } from "../util/shape.js";
import type { RunOptions } from "./environment.js";

/** Makes of a net one that runs anywhere: data layers become Input layers of the shapes that are given or can be inferred. */
export class Runnable {
  /** The shapes of the net's blobs by name, as far as they can be inferred. */
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly #catalog: Catalog;

  private constructor(catalog: Catalog, shapes: ReadonlyMap<string, Shape>) {
    this.#catalog = catalog;
    this.shapes = shapes;
  }

  /**
   * @param layers the layers of the net in its state
   * @param given the shapes of inputs and of tops of data layers, where the caller gives them
   * @throws MokaError `MOKA_USAGE` for a name that is none of these
   */
  static async prepare(
    layers: readonly LayerParameter[],
    given: ReadonlyMap<string, Shape>,
    options: RunOptions,
  ): Promise<Runnable> {
    for (const name of given.keys()) {
      const known = layers.filter(isDataLayer).flatMap(({ top }) => top);
      const names = known.join(", ") || "none";
      check(known.includes(name), "MOKA_USAGE", `the net has no input "${name}"; its inputs are ${names}`);
    }
    const catalog = createCatalog(options.layers);
    const context = {
      catalog,
      files: openFiles(options),
      images: createImages(),
      phase: "TEST",
      random: new Random(1),
      log: silent,
      given,
    } as const;
    const { blobs, assumed, layers: found } = await inferShapes(layers, context);
    for (const { error } of found.values()) if (isMissing(error)) options.log?.("warning", "", error.message);
    const known = [...blobs].filter(([name]) => !assumed.has(name));
    return new Runnable(catalog, new Map([...known, ...given]));
  }

  /** The layers with Input layers for data, and without layers that write files. */
  layers(layers: readonly LayerParameter[]): LayerParameter[] {
    return layers.filter(({ type }) => type !== "HDF5Output").map((layer) => asInput(layer, this.shapes));
  }

  /** The reason why such layers cannot run here; undefined if they can. */
  whyNot(layers: readonly LayerParameter[]): string | undefined {
    const unknown = layers.filter((layer) => !this.#catalog.has(layer));
    if (unknown.length > 0) {
      const names = unknown.map(({ name, type }) => `"${name}" (${type})`).join(", ");
      return `Moka does not know the type of ${names}`;
    }
    const missing = layers.filter(isDataLayer).flatMap(({ top }) => top.filter((name) => !this.shapes.has(name)));
    if (missing.length === 0) return undefined;
    const names = missing.map((name) => `"${name}"`).join(", ");
    return `the shape of ${names} is not known: give it (shapes, or --shape ${missing[0]}=1,3,224,224)`;
  }
}
