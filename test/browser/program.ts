/** What a page does with the package, and Node does for comparison. */
import type * as moka from "../../src/index.js";

type Moka = Pick<typeof moka, "Net" | "Solver" | "lint">;

export interface Results {
  /** Of each iteration. */
  readonly losses: readonly number[];
  /** Of an image, after the training. */
  readonly probabilities: readonly number[];
  /** The ids of the rules that have something against the text. */
  readonly findings: readonly string[];
  /** Of the solver's engine. */
  readonly description: string;
}

const layers = `
  layer { name: "conv" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 16 kernel_size: 3 weight_filler { type: "msra" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
  layer { name: "scale" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
  layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
  layer { name: "pool" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 stride: 2 } }
  layer { name: "drop" type: "Dropout" bottom: "p" top: "p" }
  layer { name: "ip" type: "InnerProduct" bottom: "p" top: "y" inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }`;

/** Noise, which all is of class 0: that is soon learned. */
const solver = `
  net_param {
    layer { name: "noise" type: "DummyData" top: "data" top: "label" dummy_data_param {
      shape { dim: 8 dim: 3 dim: 12 dim: 12 } shape { dim: 8 }
      data_filler { type: "gaussian" } data_filler { type: "constant" value: 0 } } }
    ${layers}
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "label" top: "loss" }
  }
  base_lr: 0.0005 momentum: 0.9 lr_policy: "fixed" max_iter: 8 random_seed: 5`;

const deploy = `
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 12 dim: 12 } } }
  ${layers}
  layer { name: "prob" type: "Softmax" bottom: "y" top: "prob" }`;

/** Trains a small net, asks another one with its weights, and lints its text. */
export async function run({ Net, Solver, lint }: Moka, threads: number): Promise<Results> {
  const training = await Solver.load(solver, { engine: "wasm", threads });
  const losses: number[] = [];
  training.on("iteration", ({ loss }) => void losses.push(loss));
  await training.step(8);

  const net = await Net.load(deploy, { engine: "wasm", threads });
  net.copyTrainedLayers(training.net.toMessage());
  const image = Float32Array.from({ length: 3 * 12 * 12 }, (_, i) => Math.sin(i * i));
  const { prob = [] } = await net.forward({ data: image });
  const probabilities = [...prob];
  await net.dispose();

  const { findings } = await lint(deploy);
  const { description } = training.net.engine;
  await training.dispose();
  return { losses, probabilities, findings: findings.map(({ rule }) => rule), description };
}
