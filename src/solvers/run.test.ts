import { getEventListeners } from "node:events";
import { describe, expect, expectTypeOf, test } from "vitest";
import { createFiles, Solver, type SolverEvent, type SolverOptions, type WorkProgress } from "../index.js";

/** A regression on noise; the net is tested on noise of the same generator, so that each test changes what comes after it. */
const net = `net_param {
  layer { name: "data" type: "DummyData" top: "x" top: "t" dummy_data_param {
    shape { dim: 8 dim: 3 } shape { dim: 8 dim: 1 } data_filler { type: "gaussian" } data_filler { type: "uniform" } } }
  layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" } }`;

const fields = `base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 max_iter: 4 random_seed: 5 snapshot_prefix: "snap"
  test_iter: 3 test_interval: 2`;

async function load(more = "snapshot_after_train: false", options: SolverOptions = {}) {
  const files = createFiles();
  const solver = await Solver.load(`${fields} ${more}\n${net}`, { engine: "reference", files, ...options });
  return { solver, files };
}

const weights = ({ net }: Solver) => [...net.params.values()].flat().map(({ data }) => [...data]);
const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** What a fresh solver has after this. */
async function weightsAfter(work: (solver: Solver) => Promise<unknown>): Promise<number[][]> {
  const { solver } = await load();
  await work(solver);
  const found = weights(solver);
  await solver.dispose();
  return found;
}

/** A signal that aborts at the first progress that fits. */
function abortWhen(fits: (progress: WorkProgress) => boolean) {
  const control = new AbortController();
  const onProgress = (progress: WorkProgress) => void (fits(progress) && control.abort());
  return { signal: control.signal, onProgress };
}

describe("run", () => {
  test("yields the events of solve in their order, and ends as solve does", async () => {
    const { solver, files } = await load("snapshot: 2");
    const seen: string[] = [];
    for await (const event of solver.run()) {
      seen.push(`${event.type} ${event.iter}`);
      if (event.type === "iteration") expectTypeOf(event.smoothedLoss).toEqualTypeOf<number>();
      if (event.type === "test") expect(event.outputs.loss).toHaveLength(1);
      if (event.type === "snapshot") expect(files.paths()).toContain(`/${event.model}`);
    }
    const [first, second] = ["iteration 0,iteration 1,snapshot 2", "iteration 2,iteration 3,snapshot 4"];
    expect(`${seen}`).toBe(`test 0,${first},test 2,${second},test 4`);
    expect(weights(solver)).toEqual(await weightsAfter((other) => other.solve()));
    await solver.dispose();
  });

  test("makes the given number of iterations, as step does", async () => {
    const { solver } = await load();
    const events: SolverEvent[] = [];
    for await (const event of solver.run({ iterations: 3 })) events.push(event);
    expect(events.map(({ type }) => type)).toEqual(["test", "iteration", "iteration", "test", "iteration"]);
    expect(weights(solver)).toEqual(await weightsAfter((other) => other.step(3)));
    await solver.dispose();
  });

  test("hands on the last snapshot before the last test begins", async () => {
    const { solver } = await load("snapshot_after_train: true");
    const seen: string[] = [];
    solver.on("test", ({ iter }) => void seen.push(`heard test ${iter}`));
    for await (const { type, iter } of solver.run()) seen.push(`${type} ${iter}`);
    expect(seen.slice(-3)).toEqual(["snapshot 4", "heard test 4", "test 4"]);
    await solver.dispose();
  });

  test("waits between two iterations until the next event is asked for", async () => {
    const { solver } = await load("test_initialization: false test_interval: 100");
    for await (const event of solver.run({ iterations: 3 })) {
      const before = weights(solver);
      for (let i = 0; i < 20; i++) await nextTurn();
      expect(solver.iter).toBe(event.iter + 1);
      expect(weights(solver)).toEqual(before);
    }
    await solver.dispose();
  });

  test("lets the body of the loop call everything, and does not tell what that does", async () => {
    const { solver } = await load();
    const seen: string[] = [];
    for await (const { type, iter } of solver.run()) {
      seen.push(`${type} ${iter}`);
      if (type === "test") await solver.test();
      await solver.net.forward();
      await solver.net.backward();
      await solver.snapshot();
      if (iter === 1) await solver.restore("snap_iter_2.solverstate");
      if (type === "iteration" && iter === 2) await solver.step(1);
    }
    expect(`${seen}`).toBe("test 0,iteration 0,iteration 1,test 2,iteration 2,test 4");
    await solver.dispose();
  });

  test("left by break, it has ended: no listener stays, and step goes on from there", async () => {
    const { solver } = await load();
    for await (const event of solver.run()) if (event.type === "iteration" && event.iter === 1) break;
    expect(solver.iter).toBe(2);
    await solver.step(2);
    expect(weights(solver)).toEqual(await weightsAfter((other) => other.step(4)));
    await solver.dispose();
  });

  test("that is not asked for an event does nothing", async () => {
    const { solver } = await load();
    solver.run();
    await nextTurn();
    expect(solver.iter).toBe(0);
    await solver.dispose();
  });

  test.each(["test", "iteration"] as const)("goes on exactly from a snapshot at the event %s", async (type) => {
    const { solver, files } = await load();
    for await (const event of solver.run({ iterations: 4 })) {
      if (event.type === type && solver.iter === 2) await solver.snapshot();
    }
    const { solver: resumed } = await load("", { files, snapshot: "snap_iter_2.solverstate" });
    await resumed.step(2);
    expect(weights(resumed)).toEqual(weights(solver));
    expect(resumed.loss).toBe(solver.loss);
    await resumed.dispose();
    await solver.dispose();
  });

  test("throws an error after the events before it", async () => {
    const { solver } = await load("base_lr: 1e38 clip_gradients: -1");
    const seen: string[] = [];
    const run = async () => {
      for await (const { type, iter } of solver.run()) seen.push(`${type} ${iter}`);
    };
    await expect(run()).rejects.toMatchObject({ code: "MOKA_NAN" });
    expect(seen.slice(0, 2)).toEqual(["test 0", "iteration 0"]);
    await solver.dispose();
    await expect(solver.run().next()).rejects.toMatchObject({ code: "MOKA_USAGE" });
  });

  test("takes its turn: calls that came before it are not told", async () => {
    const { solver } = await load("test_initialization: false test_interval: 100");
    const step = solver.step(2);
    const events: number[] = [];
    for await (const { iter } of solver.run({ iterations: 2 })) events.push(iter);
    await step;
    expect(events).toEqual([2, 3]);
    await solver.dispose();
  });
});

describe("an abort", () => {
  test.each([
    ["step", (solver: Solver, work: object) => solver.step(4, work)],
    ["solve", (solver: Solver, work: object) => solver.solve(work)],
    [
      "run",
      async (solver: Solver, work: object) => {
        for await (const _ of solver.run({ ...work }));
      },
    ],
  ])("of %s ends it after the iteration, without a snapshot, and step goes on", async (_, train) => {
    const { solver, files } = await load("snapshot: 3 snapshot_after_train: true");
    const work = abortWhen(({ what, done }) => what === "iterations" && done === 1);
    await expect(train(solver, work)).rejects.toMatchObject({ name: "AbortError" });
    expect(solver.iter).toBe(1);
    expect(files.paths()).toEqual([]);
    expect(weights(solver)).toEqual(await weightsAfter((other) => other.step(1)));
    await solver.step(1);
    expect(weights(solver)).toEqual(await weightsAfter((other) => other.step(2)));
    expect(getEventListeners(work.signal, "abort")).toEqual([]);
    await solver.dispose();
  });

  test("during tests ends them between two batches, and the next step, or a run that is resumed, repeats them", async () => {
    const { solver, files } = await load();
    const tests: number[] = [];
    solver.on("test", ({ iter }) => void tests.push(iter));
    const work = abortWhen(({ what, done }) => what === "test batches" && done === 2 && solver.iter === 2);
    await expect(solver.solve(work)).rejects.toMatchObject({ name: "AbortError" });
    expect([solver.iter, tests]).toEqual([2, [0]]);
    await solver.snapshot();
    const { solver: resumed } = await load("", { files, snapshot: "snap_iter_2.solverstate" });
    await resumed.step(2);
    expect(weights(resumed)).toEqual(await weightsAfter((other) => other.step(4)));
    await resumed.dispose();
    await solver.step(2);
    expect([solver.iter, tests]).toEqual([4, [0, 2]]);
    await solver.dispose();
  });

  test("of a test ends it, and the solver tests as before", async () => {
    const { solver } = await load();
    const work = abortWhen(({ done }) => done === 1);
    await expect(solver.test(0, work)).rejects.toMatchObject({ name: "AbortError" });
    expect((await solver.test()).loss).toHaveLength(1);
    await solver.dispose();
  });

  test("by a timer comes between two iterations, though nothing is waited for", async () => {
    const { solver } = await load();
    await expect(solver.step(1e9, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: "TimeoutError" });
    await solver.dispose();
  });

  test("before the start leaves all as it is", async () => {
    const lines: string[] = [];
    const { solver, files } = await load("", { log: (_severity, _origin, text) => void lines.push(text) });
    lines.length = 0;
    const signal = AbortSignal.abort("enough");
    await expect(solver.step(2, { signal })).rejects.toBe("enough");
    await expect(solver.solve({ signal })).rejects.toBe("enough");
    await expect(solver.run({ signal }).next()).rejects.toBe("enough");
    expect([solver.iter, lines, files.paths()]).toEqual([0, [], []]);
    await expect(solver.test(0, { signal })).rejects.toBe("enough");
    expect(weights(solver)).toEqual(await weightsAfter(async () => {}));
    await solver.dispose();
  });

  test("while it waits for another call ends it when its turn comes", async () => {
    const { solver } = await load();
    const control = new AbortController();
    const [first, second] = [solver.step(2), solver.step(2, control)];
    control.abort();
    await expect(second).rejects.toMatchObject({ name: "AbortError" });
    await first;
    expect(solver.iter).toBe(2);
    await solver.dispose();
  });
});

test.each([
  ["step", (solver: Solver, work: object) => solver.step(3, work), 3],
  ["solve", (solver: Solver, work: object) => solver.solve(work), 4],
])("the progress of %s counts iterations, and the batches of each test, to the last", async (_, train, total) => {
  const { solver } = await load();
  const seen: WorkProgress[] = [];
  await train(solver, { onProgress: (progress: WorkProgress) => void seen.push(progress) });
  const counted = (what: WorkProgress["what"]) => seen.filter((each) => each.what === what);
  expect(counted("iterations").map(({ done }) => done)).toEqual(Array.from({ length: total + 1 }, (_, i) => i));
  expect(new Set(counted("iterations").map((each) => each.total))).toEqual(new Set([total]));
  const tests = Math.floor(total / 2) + 1;
  expect(counted("test batches").map(({ done }) => done)).toEqual(Array(tests).fill([0, 1, 2, 3]).flat());
  await solver.dispose();
});
