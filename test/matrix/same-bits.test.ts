// Two training runs with the same seed and as many threads end with the same bits.
import { expect, test } from "vitest";
import { Solver } from "../../src/index.js";
import { blas, skippedWithoutBlas } from "../blas.js";
import { engineChoices } from "../golden/engines.js";

const noise = (name: string, dims: string) =>
  `layer { name: "${name}" type: "DummyData" top: "${name}" dummy_data_param { shape { ${dims} } data_filler { type: "gaussian" } } }`;
const block = (name: string, bottom: string, outputs: number) =>
  `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { num_output: ${outputs} kernel_size: 3 pad: 1 bias_term: false weight_filler { type: "msra" } } }
   layer { name: "${name}_bn" type: "BatchNorm" bottom: "${name}" top: "${name}" }
   layer { name: "${name}_scale" type: "Scale" bottom: "${name}" top: "${name}" scale_param { bias_term: true } }
   layer { name: "${name}_relu" type: "ReLU" bottom: "${name}" top: "${name}" }`;
const net = `
  ${noise("x", "dim: 6 dim: 3 dim: 12 dim: 12")}
  ${noise("target", "dim: 6 dim: 5")}
  ${block("a", "x", 16)} ${block("b", "a", 32)}
  layer { name: "pool" type: "Pooling" bottom: "b" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
  layer { name: "drop" type: "Dropout" bottom: "pool" top: "pool" }
  layer { name: "ip1" type: "InnerProduct" bottom: "pool" top: "ip1" inner_product_param { num_output: 50 weight_filler { type: "xavier" } } }
  layer { name: "drop1" type: "Dropout" bottom: "ip1" top: "ip1" }
  layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "ip2" bottom: "target" top: "loss" }`;

/** The losses, and all parameters and gradients at the end, as bits: −0 is not 0. */
async function train(choice: (typeof engineChoices)[string], seed: number): Promise<unknown> {
  const solver = await Solver.load(
    `net_param { ${net} }\nbase_lr: 0.001 momentum: 0.9 lr_policy: "fixed" max_iter: 4`,
    {
      ...choice,
      seed,
    },
  );
  const losses: number[] = [];
  solver.on("iteration", ({ loss }) => void losses.push(loss));
  await solver.step(4);
  const bits = solver.net.learnables.flatMap(({ tensor: { data, diff } }) =>
    [data, diff].map(({ array }) => new Uint32Array(Float32Array.from(array).buffer)),
  );
  await solver.dispose();
  return [losses, ...bits];
}

if (!blas) test.skip(`on blas (${skippedWithoutBlas})`, () => {});

test.each(Object.entries(engineChoices))("on %s", async (_, choice) => {
  const first = await train(choice, 3);
  expect(await train(choice, 3)).toEqual(first);
  expect(await train(choice, 4)).not.toEqual(first);
});
