import type { Layer } from "./layer.js";

/** Whether a layer of a net reads this blob as labels or indices, also through a Split; 0 is always a valid one. */
export function takesIndices(net: { readonly layers: readonly Layer[] }, blob: string): boolean {
  return net.layers.some((layer) =>
    layer.bottoms.some((bottom, index) => {
      if (bottom !== blob) return false;
      return layer.type === "Split" ? layer.tops.some((top) => takesIndices(net, top)) : layer.takesIndices(index);
    }),
  );
}
