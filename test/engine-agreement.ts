import { expect } from "vitest";
import { ReferenceEngine } from "../src/engines/reference/index.js";
import { WasmEngine } from "../src/engines/wasm/index.js";
import { Random } from "../src/util/random.js";
import type { Shape } from "../src/util/shape.js";
import { relativeError } from "./golden/engines.js";
import { layerNet } from "./layers.js";

export interface AgreementCheck {
  /** Prototxt of one layer named `layer`; its bottoms are the inputs. */
  readonly layer: string;
  /** Shapes of the inputs, by name. All values are uniform in [−1, 1). */
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly phase?: "TRAIN" | "TEST";
}

/**
 * Runs a layer forward and backward on both engines in single precision, and compares tops and gradients with those
 * of the reference engine in double precision.
 */
export async function checkEnginesAgree(given: AgreementCheck): Promise<void> {
  const wanted = await resultsOn(new ReferenceEngine(64), given);
  for (const engine of [new ReferenceEngine(), await WasmEngine.create()]) {
    const results = await resultsOn(engine, given);
    expect([...results.keys()]).toEqual([...wanted.keys()]);
    for (const [name, values] of wanted) {
      expect(values.some(Boolean), `${name} is not all 0`).toBe(true);
      expect(relativeError(results.get(name) ?? [], values), `${name} on ${engine.name}`).toBeLessThan(2e-6);
    }
  }
}

async function resultsOn(engine: ReferenceEngine | WasmEngine, { layer: text, inputs, phase }: AgreementCheck) {
  const options = { header: "force_backward: true", engine, ...(phase && { phase }) };
  const net = await layerNet(text, inputs, options);
  const random = new Random(7);
  const fill = (values: Float32Array = new Float32Array()) => {
    const drawn = new Float32Array(values.length);
    random.uniform(drawn, -1, 1);
    values.set(drawn);
  };
  const params = net.params.get("layer") ?? [];
  const tops = net.layers.at(-1)?.tops ?? [];
  for (const name of net.inputs) fill(net.blobs.get(name)?.data);
  for (const { data } of params) fill(data);
  await net.forward();
  for (const name of tops) fill(net.blobs.get(name)?.diff);
  await net.backward();
  const results = new Map<string, readonly number[]>();
  for (const name of tops) results.set(`top ${name}`, [...(net.blobs.get(name)?.data ?? [])]);
  for (const name of net.inputs) results.set(`gradient of ${name}`, [...(net.blobs.get(name)?.diff ?? [])]);
  params.forEach(({ diff }, i) => void results.set(`gradient of parameter ${i}`, [...diff]));
  await net.dispose();
  await engine.dispose();
  return results;
}
