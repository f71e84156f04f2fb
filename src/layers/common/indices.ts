import type { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";

/**
 * Records a check of the indices before each use: each must be 0 or more and less than `end`, with its fraction cut
 * off.
 *
 * @param of a name for the items that are indexed, for the error
 */
export function checkIndices(k: Recorder, layer: Layer, indices: Tensor, end: number, of: string): void {
  const check = () => {
    const values = indices.data.array;
    for (let i = 0; i < values.length; i++) {
      const index = values[i] ?? 0;
      if (index >= 0 && index < end) continue;
      const range = end === 0 ? "; there are none" : `, 0 to ${end - 1}`;
      throw layer.error(
        "MOKA_LABEL",
        `index ${index} (number ${i} of "${indices.name}") is not one of the ${end} ${of}${range}`,
      );
    }
  };
  k.host("check indices", check, { reads: [indices.data] });
}
