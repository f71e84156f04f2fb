import { layers } from "../layers/registry.js";

/**
 * The types of all layers that Moka has, sorted, as pycaffe's `caffe.layer_type_list`. The caller's own
 * layers (`layers` of `Net.load`) are not among them; pycaffe lists the type `Python` for those.
 *
 * @example
 * ```ts
 * layerTypes().includes("Convolution"); // true
 * ```
 */
export function layerTypes(): string[] {
  return layers.map(({ type }) => type);
}
