// The built package in Node, as a program of a user has it: moka-caffe/worker starts a worker, or talks to one of the program's.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a program to its end, in the repository, whose package has its own name there; returns what it printed as JSON. */
function run(program: string): unknown {
  const args = ["--input-type=module", "-e", program];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: "utf8", timeout: 60_000 }));
}

const solver = `
  net_param {
    layer { name: "noise" type: "DummyData" top: "x" top: "l" dummy_data_param {
      shape { dim: 16 dim: 8 dim: 16 dim: 16 } shape { dim: 16 } data_filler { type: "gaussian" } data_filler { type: "constant" value: 1 } } }
    layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 32 kernel_size: 3 weight_filler { type: "msra" } } }
    layer { name: "ip" type: "InnerProduct" bottom: "c" top: "y" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "l" top: "loss" } }
  base_lr: 0.001 lr_policy: "fixed" max_iter: 1000000 random_seed: 1 snapshot_after_train: false`;

test("a program has turns while its worker trains, and ends by itself", () => {
  const result = run(`
    import { Solver } from "moka-caffe/worker";
    const solver = await Solver.load(${JSON.stringify(solver)}, { threads: 1 });
    let turns = 0;
    const timer = setInterval(() => {
      if (++turns === 12) solver.request("stop");
    }, 5);
    const events = [];
    solver.on("iteration", ({ iter }) => events.push(iter));
    await solver.solve();
    clearInterval(timer);
    console.log(JSON.stringify({ turns, stopped: solver.stopped, all: events.length === solver.iter }));
  `) as { turns: number };
  expect(result).toMatchObject({ stopped: true, all: true });
  expect(result.turns).toBeGreaterThanOrEqual(12);
});

test("a worker that fails, that ends, or that is ended rejects what waits; a new one starts", () => {
  const own = (death: string) => `
    import { parentPort } from "node:worker_threads";
    import { serve } from "moka-caffe/worker/host";
    serve();
    parentPort.on("message", (message) => {
      if (message === "die") ${death};
    });`;
  const results = run(`
    import { Worker } from "node:worker_threads";
    import { connect, MokaError, Solver, terminate } from "moka-caffe/worker";
    const text = ${JSON.stringify(solver)};
    const said = (promise) => promise.then(
      () => "done",
      (error) => [error instanceof MokaError, error.code, error.message],
    );
    const results = [];
    for (const code of [${JSON.stringify(own('throw new Error("out of order")'))}, ${JSON.stringify(own("process.exit(3)"))}]) {
      const worker = new Worker(code, { eval: true });
      const moka = connect(worker);
      const solver = await moka.Solver.load(text, { threads: 1 });
      const waiting = said(solver.solve());
      worker.postMessage("die");
      results.push(await waiting, await said(solver.step(1)));
    }
    const before = await Solver.load(text, { threads: 1 });
    const waiting = said(before.solve());
    terminate();
    results.push(await waiting, await said(before.state()));
    const after = await Solver.load(text, { threads: 1 });
    await after.step(1);
    results.push(after.iter);
    console.log(JSON.stringify(results));
  `);
  const failed = [true, "MOKA_WORKER", "the worker failed: Error: out of order"];
  const ended = [true, "MOKA_WORKER", "the worker ended"];
  const terminated = [true, "MOKA_WORKER", "the worker was terminated"];
  expect(results).toEqual([failed, failed, ended, ended, terminated, terminated, 1]);
});
