import { layers } from "../layers/registry.js";

/**
 * The types of all layers that Moka has, sorted, as pycaffe's `caffe.layer_type_list`. Not among them are those of the caller
 * (`layers` of `Net.load`), in whose place the type `Python` stands in pycaffe.
 *
 * @example
 * ```ts
 * layerTypes().includes("Convolution"); // true
 * ```
 */
export function layerTypes(): string[] {
  return layers.map(({ type }) => type);
}
