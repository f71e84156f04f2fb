import type { Net } from "../core/net.js";
import { check } from "../util/errors.js";
import { type WorkOptions, watched } from "../util/work.js";

export interface TimeLayersOptions extends WorkOptions {
  /** How often each layer runs. Default 10. */
  readonly iterations?: number | undefined;
  /** Whether backward is timed too. Default: in phase TRAIN. */
  readonly backward?: boolean | undefined;
  /** Is called after each iteration, with its number from 1 on and its milliseconds. */
  readonly onIteration?: ((iteration: number, ms: number) => void) | undefined;
}

/** The milliseconds of a layer, each the mean over the iterations. */
export interface LayerTimes {
  readonly name: string;
  readonly type: string;
  readonly forwardMs: number;
  /** Absent if backward is not timed; about 0 for a layer that has nothing to do in backward. */
  readonly backwardMs?: number;
}

/**
 * Measures how long each layer takes, one layer at a time, as `caffe time` does. So no layer is fused with the next, as in runs of the
 * whole net. The net must have run once: the first run takes longer, since it plans the memory.
 *
 * @returns the layers in the order of the net
 * @throws MokaError `MOKA_USAGE` if `iterations` is not a whole number above 0
 * @example
 * ```ts
 * const net = await Net.load("net.prototxt");
 * await net.forward();
 * const times = await timeLayers(net, { iterations: 3 });
 * console.log(times[1].name, times[1].forwardMs);
 * await net.dispose();
 * ```
 */
export async function timeLayers(net: Net, options: TimeLayersOptions = {}): Promise<readonly LayerTimes[]> {
  const { iterations = 10, backward: hasBackward = net.phase === "TRAIN", onIteration, ...work } = options;
  const isCount = Number.isInteger(iterations) && iterations > 0;
  check(isCount, "MOKA_USAGE", `iterations must be a whole number above 0, not ${String(iterations)}`);
  const forward = net.layers.map(() => 0);
  const backward = net.layers.map(() => 0);
  const timed = async (into: number[], layer: number, run: () => Promise<void>) => {
    const start = performance.now();
    await run();
    into[layer] = (into[layer] ?? 0) + (performance.now() - start) / iterations;
  };
  const rounds = Array.from({ length: iterations }, (_, i) => i + 1);
  for await (const round of watched(rounds, { what: "iterations", total: iterations }, work)) {
    const start = performance.now();
    for (let layer = 0; layer < net.layers.length; layer++) {
      await timed(forward, layer, () => net.runForward(layer, layer));
    }
    for (let layer = net.layers.length - 1; hasBackward && layer >= 0; layer--) {
      await timed(backward, layer, () => net.runBackward(layer, layer));
    }
    onIteration?.(round, performance.now() - start);
  }
  return net.layers.map(({ name, type }, i) => ({
    name,
    type,
    forwardMs: forward[i] ?? 0,
    ...(hasBackward && { backwardMs: backward[i] ?? 0 }),
  }));
}
