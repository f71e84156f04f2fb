// Random nets with BatchNorm, trained on several ranks with synchronized statistics, and on one process with all their batches.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dice } from "../dice.js";
import { digitsFolder } from "../norm-nets.js";
import { distance, trainAlone, trainTogether } from "../train-together.js";

/** Another set of nets: `MOKA_FUZZ_SEED=5 MOKA_FUZZ_NETS=100 npx vitest run test/matrix/ranks.test.ts`. */
const seed = Number(process.env["MOKA_FUZZ_SEED"] ?? 1);
const count = Number(process.env["MOKA_FUZZ_NETS"] ?? 12);
const iterations = 6;

let folder: Awaited<ReturnType<typeof digitsFolder>>;
beforeAll(async () => {
  folder = await digitsFolder(150, 20);
});
afterAll(() => folder.remove());

test.each(Array.from({ length: count }, (_, i) => i))("net %i", async (index) => {
  const dice = new Dice(1000 * seed + index);
  const ranks = between(dice, 2, 4);
  const batch = between(dice, 2, 5);
  const body = drawBody(dice);
  const solver = (images: number) =>
    `net_param { ${dataLayer(images)} ${body} } ${solverFields(new Dice(1000 * seed + index))}`;
  const options = {
    syncBatchNorm: true,
    engine: dice.of(["wasm", "wasm", "reference"] as const),
    keep: dice.of(["all", "outputs"] as const),
  };
  const alone = await trainAlone(solver(ranks * batch), iterations, options);
  const all = await trainTogether(ranks, solver(batch), iterations, options);
  for (const own of all) {
    expect(distance(alone.losses.slice(0, 2), own.losses.slice(0, 2)), body).toBeLessThan(1e-5);
    expect(distance(alone.losses, own.losses), body).toBeLessThan(1e-4);
    for (const [name, values] of alone.params)
      expect(distance(values, own.params.get(name) ?? []), `${name} ${body}`).toBeLessThan(1e-3);
    expect(own.params).toEqual(all[0]?.params);
  }
});

const dataLayer = (images: number) =>
  `layer { name: "digits" type: "Data" top: "data" top: "label" transform_param { scale: 0.00390625 }
     data_param { source: "${folder.path}/train_lmdb" batch_size: ${images} backend: LMDB } }`;

/** Rules that divide steps by the size of gradients are left out: where a gradient is nothing but rounding, they make it a step. */
function solverFields(dice: Dice): string {
  const more = dice.of(["", "iter_size: 2", "clip_gradients: 1", "weight_decay: 0.001"]);
  return `type: "${dice.of(["SGD", "Nesterov"])}" base_lr: 0.002 lr_policy: "fixed" momentum: 0.9 ${more} max_iter: 10 random_seed: 3
    snapshot_prefix: "${folder.path}/drawn" snapshot_after_train: false`;
}

/** Two to four blocks of convolution or inner product, BatchNorm, Scale and ReLU; some of them in parallel branches. */
function drawBody(dice: Dice): string {
  const layers: string[] = [];
  let [blob, isFlat] = ["data", false];
  const norm = (name: string, bottom: string) => {
    const inPlace = dice.of([true, true, false]);
    const top = inPlace ? bottom : `${name}_bn`;
    const fields = dice.of(["", "moving_average_fraction: 0.9", "eps: 0.001"]);
    layers.push(
      `layer { name: "${name}_bn" type: "BatchNorm" bottom: "${bottom}" top: "${top}" batch_norm_param { ${fields} } }`,
    );
    if (dice.of([true, true, false]))
      layers.push(
        `layer { name: "${name}_scale" type: "Scale" bottom: "${top}" top: "${top}" scale_param { bias_term: ${dice.of(["true", "false"])} } }`,
      );
    if (dice.of([true, true, false]))
      layers.push(`layer { name: "${name}_relu" type: "ReLU" bottom: "${top}" top: "${top}" }`);
    return top;
  };
  const conv = (name: string, bottom: string, outputs: number, stride: number) => {
    layers.push(
      `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { num_output: ${outputs} kernel_size: 3
         pad: 1 stride: ${stride} bias_term: false weight_filler { type: "msra" } } }`,
    );
    return norm(name, name);
  };
  const blocks = between(dice, 2, 4);
  for (let i = 0; i < blocks; i++) {
    const name = `b${i}`;
    const kind = isFlat ? "ip" : dice.of(["conv", "conv", "branches", "pool", "ip"]);
    if (kind === "conv") blob = conv(name, blob, between(dice, 2, 5), between(dice, 1, 3));
    else if (kind === "branches") {
      const [outputs, stride] = [between(dice, 2, 4), between(dice, 1, 2)];
      const [a, b] = [conv(`${name}a`, blob, outputs, stride), conv(`${name}b`, blob, outputs, stride)];
      layers.push(`layer { name: "${name}" type: "Eltwise" bottom: "${a}" bottom: "${b}" top: "${name}" }`);
      blob = name;
    } else if (kind === "pool") {
      const how = dice.of(["MAX", "AVE"]);
      layers.push(
        `layer { name: "${name}" type: "Pooling" bottom: "${blob}" top: "${name}" pooling_param { pool: ${how} kernel_size: 2 stride: 2 } }`,
      );
      blob = conv(`${name}c`, name, between(dice, 2, 4), 1);
    } else {
      isFlat = true;
      layers.push(
        `layer { name: "${name}" type: "InnerProduct" bottom: "${blob}" top: "${name}" inner_product_param { num_output: ${between(dice, 4, 9)}
           bias_term: false weight_filler { type: "xavier" } } }`,
      );
      blob = norm(name, name);
    }
  }
  layers.push(`layer { name: "ip" type: "InnerProduct" bottom: "${blob}" top: "ip" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`);
  return layers.join("\n");
}

function between(dice: Dice, low: number, high: number): number {
  return low + dice.below(high - low + 1);
}
