// Layers of a user's own: registered by type, or in the place of a Python layer. `SnakeLayer` is the example to start
// from: all that a layer needs to train, in plain TypeScript.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  filler,
  Layer,
  Net,
  type NetOptions,
  type ParamDeclaration,
  type Recorder,
  type Shape,
  Solver,
  type Tensor,
} from "../../src/index.js";
import { checkGradients } from "../gradients.js";

/**
 * Snake: y = x + sin²(a·x)/a, with a learned a for each channel.
 *
 * Bottom x (N, C, …), top y the same. Gradients: dx = dy·(1 + sin(2·a·x)), da = Σ dy·(x·sin(2·a·x) − sin²(a·x)/a)/a.
 * Parameters: 0 a (C). `python_param.param_str`: what a starts from (1).
 *
 * Source: Ziyin et al. 2020.
 */
class SnakeLayer extends Layer {
  override readonly bottomCount = 1;
  override readonly topCount = 1;
  readonly #start = Number(this.message.pythonParam?.paramStr || 1);

  // Called when the net is built: what is wrong with the fields is said here.
  override setup([x]: readonly [Shape]): void {
    this.check(this.#start > 0, "MOKA_FIELD", `python_param.param_str must be a positive number, not ${this.#start}`);
    this.check(x.length >= 2, "MOKA_SHAPE", `needs a bottom (N, C, …), not one of ${x.length} axes`);
  }

  // The shape of each top from those of the bottoms; asked again whenever they change.
  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    return [x];
  }

  override declareParams([x]: readonly [Shape]): readonly ParamDeclaration[] {
    return [{ shape: [x[1] ?? 1], filler: filler({ value: this.#start }) }];
  }

  // `forward` runs once for each shape, and records what is done at every forward of the net. Arrays are asked for
  // inside `host`, never kept: memory may move. `reads` and `writes` say which of them the step uses how.
  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const [a] = this.params as [Tensor];
    const run = () => {
      const [xs, ys, as] = [x.data.array, y.data.array, a.data.array];
      for (let i = 0; i < xs.length; i++) {
        const slope = as[this.#channel(x, i)];
        ys[i] = xs[i] + Math.sin(slope * xs[i]) ** 2 / slope;
      }
    };
    k.host("snake", run, { reads: [x.data, a.data], writes: [y.data] });
  }

  // Writes the bottom's diff where it is wanted, and adds to the parameter's, which the solver clears.
  override backward(
    k: Recorder,
    [y]: [Tensor],
    [wanted]: [boolean],
    [x]: [Tensor],
    [learns]: readonly boolean[],
  ): void {
    const [a] = this.params as [Tensor];
    const run = () => {
      const [xs, dys, dxs, as, das] = [x.data.array, y.diff.array, x.diff.array, a.data.array, a.diff.array];
      for (let i = 0; i < xs.length; i++) {
        const channel = this.#channel(x, i);
        const slope = as[channel];
        const wave = Math.sin(2 * slope * xs[i]);
        if (wanted) dxs[i] = dys[i] * (1 + wave);
        if (learns) das[channel] += (dys[i] * (xs[i] * wave - Math.sin(slope * xs[i]) ** 2 / slope)) / slope;
      }
    };
    k.host("snake backward", run, { reads: [x.data, y.diff, a.data], writes: [x.diff, a.diff] });
  }

  #channel(x: Tensor, index: number): number {
    const [n = 1, channels = 1] = x.shape;
    return Math.floor(index / (x.count / n / channels)) % channels;
  }
}

/** Of another kind: brings data, and works in the place of a layer that Moka has. */
class OnesLayer extends Layer {
  override readonly bottomCount = 0;
  override readonly topCount = 1;

  override topShapes(): readonly Shape[] {
    return [[2, 3]];
  }

  override forward(k: Recorder, _bottom: readonly Tensor[], [y]: [Tensor]): void {
    k.fill({ y: y.data, value: 1 });
  }
}

const input = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 2 dim: 3 } } }\n';
const snake = 'layer { name: "layer" type: "Snake" bottom: "x" top: "y" }\n';
const python = (module: string, layer: string, param = "") =>
  'layer { name: "layer" type: "Python" bottom: "x" top: "y" ' +
  `python_param { module: "${module}" layer: "${layer}" param_str: "${param}" } }\n`;
const values = Float32Array.from({ length: 12 }, (_, i) => i / 4 - 1);
const slopes = [0.5, 2];
const wanted = (x: number, i: number) =>
  x + Math.sin(slopes[Math.floor(i / 3) % 2] * x) ** 2 / slopes[Math.floor(i / 3) % 2];

/** Loads a net, asks something of it, and frees it. */
async function within<T>(text: string, options: NetOptions, ask: (net: Net) => Promise<T> | T): Promise<T> {
  const net = await Net.load(text, options);
  try {
    return await ask(net);
  } finally {
    await net.dispose();
  }
}

describe("a layer of the user's own", () => {
  test.each(["wasm", "reference"] as const)("runs by its type on %s", async (engine) => {
    await within(input + snake, { layers: { Snake: SnakeLayer }, engine }, async (net) => {
      net.params.get("layer")?.[0]?.data.set(slopes);
      const { y } = await net.forward({ x: values });
      [...values].forEach((x, i) => void expect(y[i]).toBeCloseTo(wanted(x, i), 5));
    });
  });

  test("has the gradients that differences give", async () => {
    await checkGradients({ layer: snake, inputs: { x: [2, 2, 3] }, values: { 0: slopes }, own: { Snake: SnakeLayer } });
  });

  test("takes other shapes, and has its parameters saved and loaded", async () => {
    const folder = mkdtempSync(join(tmpdir(), "moka-own-"));
    const layers = { Snake: SnakeLayer };
    const file = join(folder, "snake.caffemodel");
    await within(input + snake, { layers }, async (net) => {
      net.params.get("layer")?.[0]?.data.set(slopes);
      await net.save(file);
    });
    await within(input + snake, { layers, weights: file }, async (net) => {
      net.reshape({ x: [1, 2, 1] });
      const { y } = await net.forward({ x: [3, 3] });
      expect([...y].map((value) => value.toFixed(4))).toEqual([wanted(3, 0), wanted(3, 3)].map((v) => v.toFixed(4)));
    });
    rmSync(folder, { recursive: true });
  });

  test("learns with a solver", async () => {
    const dummy = (top: string, from: number) =>
      `layer { name: "${top}" type: "DummyData" top: "${top}" dummy_data_param { shape { dim: 4 dim: 2 } ` +
      `data_filler { type: "constant" value: ${from} } } }`;
    const loss = 'layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }';
    const net = `${dummy("x", 1)} ${dummy("t", 1.4)} ${snake} ${loss}`;
    const solver = await Solver.load(`net_param { ${net} }\nbase_lr: 0.5 lr_policy: "fixed" max_iter: 200`, {
      layers: { Snake: SnakeLayer },
    });
    await solver.step(1);
    const first = solver.loss;
    await solver.step(199);
    expect(first).toBeGreaterThan(0.05);
    expect(solver.loss).toBeLessThan(1e-6);
    await solver.dispose();
  });

  test("may take the place of one that Moka has", async () => {
    const text = 'layer { name: "data" type: "Data" top: "y" }\n';
    const y = await within(text, { layers: { Data: OnesLayer } }, async (net) => (await net.forward()).y);
    expect([...y]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test("has its errors told with its name and place", async () => {
    const loading = Net.load(input + python("m", "L", "-1"), { layers: { "m/L": SnakeLayer } });
    await expect(loading).rejects.toThrow(
      '<text>:2:1: layer "layer" (Python): python_param.param_str must be a positive number, not -1',
    );
  });
});

describe("a Python layer", () => {
  test("is never run, and the error says what to do", async () => {
    await expect(Net.load(input + python("rpn.debug_layer", "RPNDebugLayer"))).rejects.toMatchObject({
      code: "MOKA_UNSUPPORTED",
      message:
        '<text>:2:1: layer "layer" (Python): python_param names the class "RPNDebugLayer" of the Python module ' +
        '"rpn.debug_layer", which Moka never runs; write it as a layer in TypeScript and register that: ' +
        'Net.load(path, { layers: { "rpn.debug_layer/RPNDebugLayer": YourLayer } })',
    });
  });

  test.each(["a.b/Snake", "a.b.Snake", "Python"])("is what is registered as %s", async (name) => {
    const text = input + python("a.b", "Snake", "0.5");
    await within(text, { layers: { [name]: SnakeLayer } }, async (net) => {
      expect(net.layers.at(-1)).toMatchObject({ type: "Python", name: "layer" });
      expect([...(net.params.get("layer")?.[0]?.data ?? [])]).toEqual([0.5, 0.5]);
      const { y } = await net.forward({ x: values });
      expect(y[0]).toBeCloseTo(wanted(-1, 0), 5);
    });
  });

  test("is the one of its own name before any other", async () => {
    const layers = { Python: OnesLayer, "m/L": SnakeLayer };
    expect(await within(input + python("m", "L"), { layers }, (net) => net.layers.at(-1))).toBeInstanceOf(SnakeLayer);
    await expect(Net.load(input + python("m", "Other"), { layers: { "m/L": SnakeLayer } })).rejects.toThrow(
      /names the class "Other" of the Python module "m"/,
    );
  });
});

test("what is not registered, or no class, is said so", async () => {
  await expect(Net.load(input + snake, { layers: { Snak: SnakeLayer } })).rejects.toThrow(
    'layer "layer" (Snake): unknown layer type; did you mean "Snak"?',
  );
  const layers = { Snake: {} } as unknown as NonNullable<NetOptions["layers"]>;
  await expect(Net.load(input + snake, { layers })).rejects.toThrow(
    'layers: what is registered as "Snake" must be a class, not object',
  );
});
