// The nets and solvers that ranks are accepted with. The nets are those of bench/nets, with data layers in place of inputs.
import { readFileSync } from "node:fs";
import { median } from "../../bench/median.mjs";

export { median };

const source = (name) => readFileSync(new URL(`../../bench/nets/${name}.prototxt`, import.meta.url), "utf8");

/** A net of bench/nets that reads `batch` images at a time from a database. */
function reading(name, database, batch) {
  const layer = `layer { name: "digits" type: "Data" top: "data" top: "label" transform_param { scale: 0.00390625 }
    data_param { source: "${database}" batch_size: ${batch} backend: LMDB } }`;
  return `${layer}\n${source(name).replaceAll(/^layer .*type: "Input".*\n/gm, "")}`;
}

const lenet = { batch: 8, text: (batch, { gray }) => reading("lenetbn_b64", gray, batch) };
const resnet20 = { batch: 4, text: (batch, { colored }) => reading("resnet20_b64", colored, batch) };

/** A net whose gradient changes smoothly: ELU for ReLU, and the mean of a window for its maximum. */
const smooth = ({ batch, text }) => ({
  ...{ batch, rate: 1 },
  text: (size, data) => text(size, data).replaceAll('"ReLU"', '"ELU"').replaceAll("pool: MAX", "pool: AVE"),
});

/**
 * The batch size of each rank, the net with any batch size, and a factor for the learning rates. The layers below BatchNorm have no
 * bias: its gradient is nothing but rounding, which Adam makes as large as any other.
 *
 * The gradients of ReLU and of the maximum jump. Where a value lies within rounding of a jump, two runs that round differently take
 * different sides, in one process too: their losses, equal to 1e-7 until then, differ by 1e-4 from one iteration to the next, and soon meet
 * other jumps. So the nets as they are (`…-filled`, tried on request) hold no bound over 100 iterations; they are compared in the last part
 * of a usual training, after two tenfold drops of the rate, from weights that `warmUp` iterations with the full rate have made. With
 * smooth layers in place of those they are compared from their fillers on, with the full rate.
 */
export const nets = {
  lenet: { ...lenet, rate: 0.01, warmUp: 200 },
  resnet20: { ...resnet20, rate: 0.01, warmUp: 200 },
  "lenet-smooth": smooth(lenet),
  "resnet20-smooth": smooth(resnet20),
  "lenet-filled": { ...lenet, rate: 1, hasNoBounds: true },
  "resnet20-filled": { ...resnet20, rate: 1, hasNoBounds: true },
};

/** Solvers with learning rates that are usual for these batch sizes. */
export const solvers = {
  sgd: { rate: 0.01, fields: 'type: "SGD" momentum: 0.9 weight_decay: 0.0005' },
  nesterov: { rate: 0.01, fields: 'type: "Nesterov" momentum: 0.9 weight_decay: 0.0005' },
  adam: { rate: 0.001, fields: 'type: "Adam" momentum: 0.9 momentum2: 0.999 delta: 1e-8' },
  iter_size: { rate: 0.01, fields: 'type: "SGD" momentum: 0.9 weight_decay: 0.0005 iter_size: 2' },
};

/** The text of a solver without snapshots and tests. */
export const solverText = (net, { rate, fields }, iterations) =>
  `net_param { ${net} } base_lr: ${rate} ${fields} lr_policy: "fixed" random_seed: 3 max_iter: ${iterations} display: 0 snapshot_after_train: false snapshot_prefix: "none"`;
