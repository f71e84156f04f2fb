import { create } from "@bufbuild/protobuf";
import { type LayerParameter, LayerParameterSchema } from "../proto/gen/caffe_pb.js";
import type { Shape } from "../util/shape.js";
import { isDataLayer } from "./layer-roles.js";

/** An Input layer with one top for each name, of the shape given for it. */
export function inputLayer(name: string, tops: Iterable<readonly [name: string, shape: Shape]>): LayerParameter {
  const entries = [...tops];
  return create(LayerParameterSchema, {
    name,
    type: "Input",
    top: entries.map(([top]) => top),
    inputParam: { shape: entries.map(([, shape]) => ({ dim: shape.map(BigInt) })) },
  });
}

/** The shapes of all tops of a data layer, if all are given: then it needs no data. */
export function givenShapes(layer: LayerParameter, shapes: ReadonlyMap<string, Shape>): readonly Shape[] | undefined {
  const given = layer.top.flatMap((name) => {
    const shape = shapes.get(name);
    return shape ? [shape] : [];
  });
  return isDataLayer(layer) && given.length === layer.top.length ? given : undefined;
}

/** Replaces a data layer by an Input layer, in the same states of the net, if the shapes of all its tops are given. */
export function asInput(layer: LayerParameter, shapes: ReadonlyMap<string, Shape>): LayerParameter {
  const given = givenShapes(layer, shapes);
  if (!given) return layer;
  const { name, top, include, exclude } = layer;
  const tops = given.map((shape, index) => [top[index] ?? "", shape] as const);
  return Object.assign(inputLayer(name, tops), { include, exclude });
}
