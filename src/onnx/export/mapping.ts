import type { LayerConstructor } from "../../core/catalog.js";
import type { Layer } from "../../core/layer.js";
import type { LayerWriter } from "./layer-writer.js";

/** How the layers of one class are written in ONNX's operators. The comment above each is its contract: what is exact, and when. */
export interface Mapping {
  /** The classes whose layers it writes; a subclass is another class. */
  readonly of: readonly LayerConstructor[];
  /**
   * The axis of each top whose size depends on values, for a layer with `liveShapes`; undefined for tops of fixed shape. Without it,
   * the tops have the sizes that `topShapes` gives.
   */
  readonly liveAxes?: readonly (number | undefined)[] | undefined;
  /** Writes one layer in phase TEST. */
  write(w: LayerWriter): void;
}

type Constructor = new (...args: ConstructorParameters<LayerConstructor>) => Layer;

/** A mapping of one class, or of several that compute the same; `write` gets a writer for a layer of this class. */
export function mapping<C extends Constructor>(
  of: C | readonly C[],
  write: (w: LayerWriter<InstanceType<C>>) => void,
  { liveAxes }: Pick<Mapping, "liveAxes"> = {},
): Mapping {
  const classes = typeof of === "function" ? [of] : of;
  return {
    of: classes,
    liveAxes,
    write: (w) => {
      const { layer } = w;
      if (classes.some((each) => layer.constructor === each)) write(w as LayerWriter<InstanceType<C>>);
    },
  };
}
