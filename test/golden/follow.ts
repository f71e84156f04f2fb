import { expect } from "vitest";
import type { Net } from "../../src/core/net.js";
import type { PassSetting } from "../passes.js";
import type { Safetensors } from "../safetensors.js";
import { relativeError } from "./engines.js";

/**
 * Does with a net what made the golden case: forward, what forward leaves in the parameters, backward; and compares.
 *
 * @param tolerance the largest relative error of each tensor; 0: bit for bit
 */
export async function follow(
  net: Net,
  { metadata, tensors }: Safetensors,
  { name: setting, keep }: PassSetting,
  tolerance = 1e-5,
): Promise<void> {
  const given = (prefix: string) =>
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(`${prefix}/`) ? [{ name: name.slice(prefix.length + 1), ...tensor }] : [],
    );
  const param = (name: string) => {
    const [layer, index] = name.split("/");
    return net.params.get(layer)?.[Number(index)];
  };
  let compared = 0;
  const compare = (what: string, actual: Float32Array | undefined, expected: Float32Array) => {
    expect(actual?.length, what).toBe(expected.length);
    expect(relativeError(actual ?? [], expected), `${what}, ${setting}`).toBeLessThanOrEqual(tolerance);
    compared++;
  };

  for (const { name, data } of given("param")) param(name)?.data.set(data);
  const inputs = Object.fromEntries(given("in").map(({ name, data }) => [name, data]));
  for (let i = 0; i < Number(metadata.forwards ?? 1); i++) await net.forward(inputs);
  for (const { name, shape, data } of given("out")) {
    if (metadata.loss !== "true") expect(countedShape(net.blobs.get(name)?.shape)).toEqual(shape);
    if (keep === "all" || net.outputs.includes(name)) compare(`out/${name}`, net.blobs.get(name)?.data, data);
  }
  for (const { name, data } of given("param_after")) compare(`param_after/${name}`, param(name)?.data, data);
  if (metadata.loss === "true") {
    for (const { name, data } of given("out_diff")) compare(`out_diff/${name}`, net.blobs.get(name)?.diff, data);
  } else {
    for (const { name, data } of given("out_diff")) net.blobs.get(name)?.diff.set(data);
  }
  net.clearParamDiffs(); // as the reference did: Parameter's top shares the diff of its parameter
  await net.backward();
  for (const { name, data } of given("in_diff")) compare(`in_diff/${name}`, net.blobs.get(name)?.diff, data);
  for (const { name, data } of given("param_diff")) compare(`param_diff/${name}`, param(name)?.diff, data);
  expect(compared).toBeGreaterThan(0);
}

/** The files have no scalars: those are written as one axis of 1. */
function countedShape(shape: readonly number[] | undefined): readonly number[] | undefined {
  return shape?.length === 0 ? [1] : shape;
}
