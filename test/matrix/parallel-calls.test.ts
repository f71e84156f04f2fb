// Random calls of a solver and its nets, made in parallel, give what the same calls give one after the other: the same answers,
// errors, files and weights, bit for bit. `MOKA_FUZZ_CALLS` is the number of runs, `MOKA_FUZZ_SEED` the first seed.
import { expect, test } from "vitest";
import { createFiles, Layer, type Recorder, Solver, type Tensor } from "../../src/index.js";
import { Random } from "../../src/util/random.js";
import { engineChoices } from "../golden/engines.js";

/** Copies its bottom after a turn of the event loop, or fails. */
class Moody extends Layer {
  static readonly type = "Moody";
  override readonly bottomCount = 1;
  override readonly topCount = 1;
  #runs = 0;

  override topShapes([x]: readonly [readonly number[]]) {
    return [x];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.host("moody", async () => {
      const run = ++this.#runs;
      await new Promise((resolve) => setTimeout(resolve));
      if (run % 7 === 0) throw new Error(`run ${run} fails`);
      if (run % 2) await new Promise((resolve) => setTimeout(resolve, 1));
      y.data.array.set(x.data.array);
    });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: readonly boolean[], [x]: [Tensor]): void {
    if (wanted) k.copy({ x: y.diff, y: x.diff });
  }
}

const net = `
  layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param {
    shape { dim: 4 dim: 6 } shape { dim: 4 dim: 2 } data_filler { type: "gaussian" } data_filler { type: "uniform" } } }
  layer { name: "fc1" type: "InnerProduct" bottom: "x" top: "h" param { name: "w" } param { name: "b" } inner_product_param { num_output: 6 weight_filler { type: "xavier" } } }
  layer { name: "drop" type: "Dropout" bottom: "h" top: "h" }
  layer { name: "moody" type: "Moody" bottom: "h" top: "m" }
  layer { name: "fc2" type: "InnerProduct" bottom: "m" top: "n" param { name: "w" } param { name: "b" } inner_product_param { num_output: 6 } }
  layer { name: "view" type: "Reshape" bottom: "n" top: "v" reshape_param { shape { dim: 0 dim: 2 dim: 3 } } loss_weight: 0.1 }
  layer { name: "fc3" type: "InnerProduct" bottom: "v" top: "y" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }`;

type Call = (solver: Solver) => Promise<unknown>;

/** Calls that take their place in the order of the turns when they are made. */
const calls: readonly Call[] = [
  ({ net }) => net.forward(),
  ({ net }) => net.forward({}, { from: "fc1", to: "fc2" }),
  ({ net }) => net.forward({ x: [1] }),
  ({ net }) => net.backward(),
  ({ net }) => net.backward({ from: "fc3", to: "view" }),
  ({ testNets }) => testNets[0]?.forward() ?? Promise.reject(),
  ({ testNets }) => testNets[0]?.runForward(1, 3) ?? Promise.reject(),
  ({ net }) => net.save("net.caffemodel"),
  ({ net }) => net.save("missing/net.caffemodel", { diff: true }),
  ({ net }) => net.copyTrainedLayersFrom("net.caffemodel"),
  ({ testNets }) => testNets[0]?.copyTrainedLayersFrom("missing.caffemodel") ?? Promise.reject(),
  ({ net }) => net.turn(async () => [net.loss, await net.inTurn.forward(), net.loss]),
  (solver) => solver.test(),
  (solver) => solver.test(1),
  (solver) => solver.snapshot(),
  (solver) => solver.applyUpdate(),
];

/** Calls that may wait for one another, not only for their turn: each begins a group. A step without tests is one turn. */
const firsts: readonly Call[] = [
  (solver) => solver.step(1),
  (solver) => solver.restore("m_iter_1.solverstate"),
  (solver) => solver.step(0),
];

function draw(seed: number): readonly (readonly Call[])[] {
  const random = new Random(seed);
  const pick = (of: readonly Call[]) => of[random.below(of.length)] as Call;
  return Array.from({ length: 4 }, () => [
    pick(firsts),
    ...Array.from({ length: 1 + random.below(7) }, () => pick(calls)),
  ]);
}

async function results(
  groups: readonly (readonly Call[])[],
  choice: (typeof engineChoices)[string],
  keep: "all" | "outputs",
  make: (group: readonly Call[], solver: Solver) => Promise<readonly PromiseSettledResult<unknown>[]>,
): Promise<unknown> {
  const files = createFiles();
  const seen: unknown[] = [];
  const solver = await Solver.load(
    `base_lr: 0.05 momentum: 0.9 lr_policy: "fixed" max_iter: 9 snapshot: 2 snapshot_prefix: "m" test_iter: 2 test_interval: 99 test_initialization: false
     random_seed: 4 net_param { ${net} }`,
    { ...choice, keep, files, layers: { Moody } },
  );
  solver.on("iteration", ({ loss }) => void seen.push(loss));
  solver.on("snapshot", (event) => void seen.push(event));
  for (const group of groups) {
    for (const end of await make(group, solver)) seen.push(end.status === "fulfilled" ? end.value : `${end.reason}`);
  }
  for (const path of files.paths()) seen.push([path, await files.read(path)]);
  seen.push(solver.iter, solver.net.toMessage({ diff: true }));
  await solver.dispose();
  return seen;
}

const runs = Number(process.env["MOKA_FUZZ_CALLS"] ?? 6);
const first = Number(process.env["MOKA_FUZZ_SEED"] ?? 1);

test.each(Array.from({ length: runs }, (_, i) => first + i))("calls of seed %i", async (seed) => {
  const groups = draw(seed);
  const names = Object.keys(engineChoices);
  const choice = engineChoices[names[seed % names.length] ?? ""] as (typeof engineChoices)[string];
  const keep = seed % 2 ? "all" : "outputs";
  const apart = await results(groups, choice, keep, async (group, solver) => {
    const ends: PromiseSettledResult<unknown>[] = [];
    for (const call of group) ends.push(...(await Promise.allSettled([call(solver)])));
    return ends;
  });
  const together = await results(groups, choice, keep, (group, solver) =>
    Promise.allSettled(group.map((call) => call(solver))),
  );
  expect(together).toEqual(apart);
});
