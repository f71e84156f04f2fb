import type { Net } from "../../core/net.js";
import { countOf, type Shape } from "../../util/shape.js";
import { type WorkOptions, watched } from "../../util/work.js";
import type { FoldTarget } from "./index.js";

/** The difference between an output of the folded net and that of the original net. */
export interface OutputComparison {
  readonly name: string;
  readonly shape: Shape;
  /** The largest absolute difference. */
  readonly error: number;
  /** The largest absolute difference ÷ the largest magnitude in the original output. */
  readonly relativeError: number;
}

/** The difference between the top of a layer that others were folded into and that of the original layers, on equal inputs. */
export interface LayerComparison {
  readonly layer: string;
  /** The largest absolute difference, its channel, and the bound of that channel for these inputs. */
  readonly error: number;
  readonly channel: number;
  readonly bound: number;
  /** The largest quotient of a channel's difference and its bound; above 1 the bound is exceeded. */
  readonly share: number;
}

export interface Comparison {
  readonly outputs: readonly OutputComparison[];
  readonly layers: readonly LayerComparison[];
}

/**
 * Runs a net and its folded form on the inputs they hold, and compares all outputs. Then compares each layer that others
 * were folded into, from the last to the first, on the inputs it had in the folded net. Leaves blobs changed.
 *
 * @param after has the same inputs and outputs as `before`; both keep all blobs
 */
export async function compareNets(
  before: Net,
  after: Net,
  targets: readonly FoldTarget[],
  work: WorkOptions = {},
): Promise<Comparison> {
  await before.runForward();
  await after.runForward();
  const outputs = before.outputs
    .filter((name) => !before.inputs.includes(name))
    .map((name): OutputComparison => {
      const wanted = valuesOf(before, name);
      const [error = 0] = largestErrors(wanted, valuesOf(after, name), 1, wanted.length);
      const shape = before.blobs.get(name)?.shape ?? [];
      return { name, shape, error, relativeError: error / (largest(wanted) || 1) };
    });
  const layers: LayerComparison[] = [];
  const count = { what: "layers", total: targets.length } as const;
  for await (const target of watched(targets.toReversed(), count, work))
    layers.unshift(await compareLayer(before, after, target));
  return { outputs, layers };
}

async function compareLayer(before: Net, after: Net, target: FoldTarget): Promise<LayerComparison> {
  const indexOf = (net: Net, name: string) => net.layers.findIndex((layer) => layer.name === name);
  const [first, last] = [indexOf(before, target.first), indexOf(before, target.last)];
  const here = indexOf(after, target.layer);
  const bottom = after.layers[here]?.bottoms[0] ?? "";
  const top = after.layers[here]?.tops[0] ?? "";
  const x = valuesOf(after, bottom);
  const source = before.blobs.get(before.layers[first]?.bottoms[0] ?? "");
  source?.data.set(x);
  await before.runForward(first, last);
  await after.runForward(here, here);

  const magnitude = largest(x);
  const shape = after.blobs.get(top)?.shape ?? [];
  const channels = shape[target.axis] ?? 1;
  const wanted = valuesOf(before, before.layers[last]?.tops[0] ?? "");
  const errors = largestErrors(wanted, valuesOf(after, top), channels, countOf(shape, target.axis + 1));
  const { slope, constant } = target.bound;
  const bounds = errors.map((_, channel) => (slope[channel] ?? 0) * magnitude + (constant[channel] ?? 0));
  const share = errors.reduce((most, error, i) => (error === 0 ? most : Math.max(most, error / (bounds[i] ?? 0))), 0);
  const error = Math.max(...errors);
  const channel = errors.indexOf(error);
  return { layer: target.layer, error, channel, bound: bounds[channel] ?? 0, share };
}

function valuesOf(net: Net, name: string): Float32Array {
  return net.blobs.get(name)?.data ?? new Float32Array(0);
}

/** The largest finite magnitude. */
function largest(values: Float32Array): number {
  return values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
}

/**
 * The largest absolute difference in each channel; infinite where only one value is finite, where both are not and
 * differ, and everywhere if the counts differ.
 */
function largestErrors(a: Float32Array, b: Float32Array, channels: number, inner: number): Float64Array {
  const errors = new Float64Array(channels);
  if (a.length !== b.length) return errors.fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) continue;
    const difference = Math.abs((a[i] ?? 0) - (b[i] ?? 0));
    const channel = Math.floor(i / inner) % channels;
    const error = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    if (error > (errors[channel] ?? 0)) errors[channel] = error;
  }
  return errors;
}
