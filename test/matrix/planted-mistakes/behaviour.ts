// Runs of planted nets: what their layers put out, and what Moka, as Caffe, refuses.
import { expect } from "vitest";
import { parseNet } from "../../../src/proto/text/index.js";
import { Random } from "../../../src/util/random.js";
import type { Given } from "./mistake.js";
import { type DrawnNet, netText } from "./net-text.js";
import { build, loadWeights, type Phase } from "./run-net.js";

interface Blob {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** The state of a net after a run. */
export interface Ran {
  readonly layers: readonly string[];
  blob(name: string): Blob;
  /** The values of a blob by channel. */
  channels(name: string): readonly (readonly number[])[];
  /** The parameters of the first layer of a name. */
  params(layer: string): readonly Blob[];
  diffs(layer: string): readonly (readonly number[])[];
  /** The multipliers of the parameters that a layer owns. */
  readonly rates: ReadonlyMap<string, readonly { readonly lr: number; readonly decay: number }[]>;
}

export interface RunOptions {
  readonly phase?: Phase;
  readonly forwards?: number;
  readonly backward?: boolean;
  /** Parameters to set before, by layer: one number for all values of a blob. */
  readonly set?: Readonly<Record<string, readonly number[]>>;
}

export async function run(net: DrawnNet, options: RunOptions = {}): Promise<Ran> {
  const { phase = "TRAIN", forwards = 1, backward = false, set = {} } = options;
  const built = await build(net, phase);
  loadWeights(built, net);
  for (const layer of built.layers) {
    for (const [index, value] of (set[layer.name] ?? []).entries()) layer.blobs[index]?.data.fill(value);
  }
  const random = new Random(5);
  for (let i = 0; i < forwards; i++) {
    const inputs = Object.entries(net.inputs).map(([name, shape]) => {
      const values = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
      if (name !== "label") random.uniform(values, -1, 1);
      else for (const n of values.keys()) values[n] = n % 2;
      return [name, values] as const;
    });
    await built.forward(Object.fromEntries(inputs));
  }
  if (backward) await built.backward();
  const copied = ({ shape, data }: { readonly shape: readonly number[]; readonly data: ArrayLike<number> }): Blob => {
    return { shape: [...shape], data: Array.from(data) };
  };
  const blobs = new Map([...built.blobs].map(([name, blob]) => [name, copied(blob)]));
  const params = new Map(built.layers.toReversed().map(({ name, blobs }) => [name, blobs.map(copied)]));
  const diffs = new Map(
    built.layers.toReversed().map(({ name, blobs }) => [name, backward ? blobs.map(({ diff }) => [...diff]) : []]),
  );
  const rates = new Map<string, { lr: number; decay: number }[]>();
  for (const { layer, lrMult, decayMult } of built.learnables) {
    rates.set(layer.name, [...(rates.get(layer.name) ?? []), { lr: lrMult, decay: decayMult }]);
  }
  const layers = built.layers.map(({ name }) => name);
  await built.dispose();
  const blob = (name: string) => blobs.get(name) ?? { shape: [], data: [] };
  return {
    ...{ layers, rates, blob },
    channels: (name) => byChannel(blob(name)),
    params: (layer) => params.get(layer) ?? [],
    diffs: (layer) => diffs.get(layer) ?? [],
  };
}

function byChannel({ shape, data }: Blob): number[][] {
  const [, count = 1, ...rest] = shape;
  const size = rest.reduce((product, dim) => product * dim, 1);
  const channels = Array.from({ length: count }, (): number[] => []);
  for (const [i, value] of data.entries()) channels[Math.floor(i / size) % count]?.push(value);
  return channels;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function variance(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}

export function expectClose(actual: readonly number[], wanted: readonly number[], tolerance = 1e-4): void {
  expect(actual.length).toBe(wanted.length);
  expect(actual.length).toBeGreaterThan(0);
  const largest = Math.max(1e-9, ...wanted.map(Math.abs));
  for (const [i, value] of wanted.entries())
    expect(Math.abs((actual[i] ?? Number.NaN) - value)).toBeLessThan(tolerance * largest);
}

/** The net is refused in a phase, with such a message. */
export function refused(pattern: RegExp, phase: Phase = "TRAIN") {
  return ({ planted }: Given) => expect(run(planted, { phase })).rejects.toThrow(pattern);
}

/** The reader of BVLC's Caffe refuses the text. Moka may read it, as a fork does. */
export async function refusedByReader({ planted }: Given): Promise<void> {
  expect(parseNet(netText(planted)).issues.some(({ caffeRefuses }) => caffeRefuses)).toBe(true);
}

/** The top of the BatchNorm is its bottom by a factor: it divides by √eps alone. */
export function onlyScales(phase: Phase) {
  return async ({ planted, block }: Given) => {
    const ran = await run(planted, { phase });
    const [norm] = block.norms;
    const eps = Number(norm?.fields["batch_norm_param"]?.["eps"] ?? "1e-5");
    const bottom = ran.blob(norm?.bottom[0] ?? "").data;
    expectClose(
      ran.blob(norm?.top[0] ?? "").data,
      bottom.map((value) => value / Math.sqrt(eps)),
    );
  };
}

/** The factor of the BatchNorm after three forwards. */
export function factorIs(wanted: (fraction: number) => number) {
  return async ({ planted, block }: Given) => {
    const [norm] = block.norms;
    const fraction = Number(norm?.fields["batch_norm_param"]?.["moving_average_fraction"] ?? "0.999");
    const ran = await run(planted, { forwards: 3 });
    expectClose(ran.params(norm?.name ?? "")[2]?.data ?? [], [wanted(fraction)]);
  };
}

/** With and without the mistake a blob has the same values, or not. */
export function compares(blobOf: (given: Given) => string, isSame: boolean, options: RunOptions = {}) {
  return async (given: Given) => {
    const name = blobOf(given);
    const [with_, without] = [await run(given.planted, options), await run(given.clean, options)];
    const compare = () => expectClose(with_.blob(name).data, without.blob(name).data, 1e-3);
    if (isSame) compare();
    else expect(compare).toThrow();
  };
}
