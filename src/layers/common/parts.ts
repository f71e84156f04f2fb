import type { ReflectMessage } from "@bufbuild/protobuf/reflect";
import type { Layer } from "../../core/layer.js";
import type { Tensor } from "../../core/tensor.js";
import { canonicalAxis, countOf, type Shape } from "../../util/shape.js";

/** The axis of a layer: the field `axis` of its message, `where`, or the older field `old`. Default: 1. */
export function partsAxis(layer: Layer, shape: Shape, param: ReflectMessage, where: string, old: string): number {
  const given = param.fields.filter((field) => [old, "axis"].includes(field.name) && param.isSet(field));
  layer.check(given.length < 2, "MOKA_FIELD", `${where} takes axis or ${old}, not both`);
  const [field] = given;
  return canonicalAxis(shape, field ? Number(param.get(field)) : 1, `${where}.${field?.name ?? "axis"}`);
}

/** The place of each part of a blob that is cut along `axis`: rows of `width` values from `start` on, `stride` apart. */
export function partsOf(whole: Tensor, parts: readonly Tensor[], axis: number) {
  const [rows, stride] = [countOf(whole.shape, 0, axis), countOf(whole.shape, axis)];
  let start = 0;
  return parts.map((part) => {
    const width = countOf(part.shape, axis);
    start += width;
    return { part, rows, width, start: start - width, stride };
  });
}
