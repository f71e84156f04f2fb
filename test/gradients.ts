import { expect } from "vitest";
import type { LayerConstructor } from "../src/core/catalog.js";
import type { Phase } from "../src/core/layer.js";
import type { Net } from "../src/core/net.js";
import { ReferenceEngine } from "../src/engines/reference/index.js";
import { Random } from "../src/util/random.js";
import { countOf, type Shape } from "../src/util/shape.js";
import { layerNet } from "./layers.js";

export interface GradientCheck {
  /** Prototxt of one layer named `layer`; its bottoms are the inputs. */
  readonly layer: string;
  /** Shapes of the inputs, by name. Their values are uniform in [−1, 1), unless `values` says otherwise. */
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Values of inputs, or of parameters by index. */
  readonly values?: Readonly<Record<string, readonly number[]>>;
  /** Inputs and parameters (by index) whose gradient is checked; by default all inputs and all parameters. */
  readonly check?: readonly string[];
  readonly phase?: Phase;
  /** Layers that are not Moka's own, by type. */
  readonly own?: Readonly<Record<string, LayerConstructor>>;
  /** Values where the layer is not smooth. Inputs nearer than `zone` to one of them are moved away from it. */
  readonly kinks?: readonly number[];
  readonly zone?: number;
  readonly step?: number;
  /** The limit of |analytic − numeric|/max(1, |analytic|, |numeric|). Default 1e-7. */
  readonly tolerance?: number;
}

/**
 * Compares a layer's backward with central differences of its forward, in double precision on the reference
 * engine. The objective is Σ w·y over all tops with random w, or, for a loss, the loss itself.
 */
export async function checkGradients(given: GradientCheck): Promise<void> {
  const { step = 1e-5, tolerance = 1e-7, zone = 1e-2, kinks = [] } = given;
  const draws = new Random(42);
  const net = await layerNet(given.layer, given.inputs, {
    header: "force_backward: true",
    engine: new ReferenceEngine(64),
    random: draws,
    ...(given.phase && { phase: given.phase }),
    ...(given.own && { own: given.own }),
  });
  const random = new Random(1701);
  const uniform = (count: number) => {
    const values = new Float32Array(count);
    random.uniform(values, -1, 1);
    return Array.from(values, (value) => {
      const kink = kinks.find((at) => Math.abs(value - at) < zone);
      return kink === undefined ? value : kink + (value < kink ? -2 : 2) * zone;
    });
  };
  const params = net.params.get("layer") ?? [];
  const start = new Map<string, readonly number[]>();
  for (const [name, shape] of Object.entries(given.inputs)) {
    start.set(name, given.values?.[name] ?? uniform(countOf(shape)));
  }
  for (const [i, { count }] of params.entries()) start.set(String(i), given.values?.[i] ?? uniform(count));

  const layer = net.layers.at(-1);
  const isLoss = (layer?.tops ?? []).some((top) => net.lossWeight(top) !== 0);
  const weights = (layer?.tops ?? []).map((top) => ({ top, values: uniform(net.blobs.get(top)?.count ?? 0) }));
  const arrayOf = (name: string) => (params[Number(name)] ?? net.blobs.get(name))?.data;
  // A layer that draws random numbers must draw the same ones in each forward.
  const drawState = draws.state;
  const objective = async (changed: string, index: number, by: number) => {
    for (const [name, values] of start) arrayOf(name)?.set(values);
    const array = arrayOf(changed);
    if (array && index >= 0) array[index] += by;
    draws.restore(drawState);
    await net.runForward();
    if (isLoss) return lossOf(net);
    return weights.reduce((sum, { top, values }) => {
      const y = net.blobs.get(top)?.data ?? [];
      return values.reduce((total, weight, i) => total + weight * y[i], sum);
    }, 0);
  };

  await objective("", -1, 0);
  for (const { diff } of params) diff.fill(0);
  if (!isLoss) for (const { top, values } of weights) net.blobs.get(top)?.diff.set(values);
  await net.runBackward();
  const checked = given.check ?? [...start.keys()];
  const analytic = new Map(
    checked.map((name) => [name, Array.from((params[Number(name)] ?? net.blobs.get(name))?.diff ?? [])]),
  );
  let nonzero = 0;
  for (const name of checked) {
    const gradients = analytic.get(name) ?? [];
    expect(gradients.length, `${name} has a gradient`).toBeGreaterThan(0);
    for (const [i, gradient] of gradients.entries()) {
      const numeric = ((await objective(name, i, step)) - (await objective(name, i, -step))) / (2 * step);
      const error = Math.abs(gradient - numeric) / Math.max(1, Math.abs(gradient), Math.abs(numeric));
      expect(error, `d/d${name}[${i}]: backward says ${gradient}, differences ${numeric}`).toBeLessThan(tolerance);
      if (gradient !== 0) nonzero++;
    }
  }
  expect(nonzero, "some gradient is not 0").toBeGreaterThan(0);
  await net.dispose();
}

/** The loss in double precision; `net.loss` is rounded to single precision, as in Caffe. */
function lossOf(net: Net): number {
  let loss = 0;
  for (const [name, blob] of net.blobs) {
    const weight = net.lossWeight(name);
    if (weight !== 0) for (const value of blob.data) loss += weight * value;
  }
  return loss;
}
