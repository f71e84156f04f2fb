// The three runs that bench/onnxruntime.mjs and bench/onnxruntime-web.mjs compare, in Node and in a page.
import { deploy, Net } from "../dist/index.js";

/** All orders of three runs. */
const orders = [
  [0, 1, 2],
  [1, 0, 2],
  [2, 0, 1],
  [2, 1, 0],
  [0, 2, 1],
  [1, 2, 0],
];

/**
 * The times in ms of a net, round by round: ONNX Runtime called directly, `deploy(...).run`, and Moka's own engine. The first two use
 * one session: the threads of a second one would spin while the first computes.
 */
export async function measure(ort, text, { provider, threads, rounds }) {
  const weights = await drawn(text);
  const net = await Net.load(text, { weights, keep: "outputs", threads });
  let direct;
  const create = async (model, options) => {
    direct = await ort.InferenceSession.create(model, options);
    return direct;
  };
  const runtime = { ...ort, InferenceSession: { create } };
  const session = await deploy(text, weights, { threads, provider, runtime });
  const inputs = Object.fromEntries(
    net.inputs.map((name) => [
      name,
      Float32Array.from({ length: net.blobs.get(name).count }, () => Math.random() - 0.5),
    ]),
  );
  const tensor = ([name, data]) => [name, new ort.Tensor("float32", data, net.blobs.get(name).shape)];
  const runs = [
    {
      label: `ONNX Runtime, ${provider}`,
      once: () => direct.run(Object.fromEntries(Object.entries(inputs).map(tensor))),
    },
    { label: "deploy", once: () => session.run(inputs) },
    { label: net.engine.description, once: () => net.forward(inputs) },
  ].map((run) => ({ ...run, times: [] }));
  compare(await net.forward(inputs), await session.run(inputs));
  for (let round = -3; round < rounds; round++) {
    // What ran before leaves caches and threads that spin, so all orders of the runs take turns.
    for (const run of orders[(round + 6) % 6].map((index) => runs[index])) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const start = performance.now();
      await run.once();
      if (round >= 0) run.times.push(performance.now() - start);
    }
  }
  await session.dispose();
  await net.dispose();
  return runs.map(({ label, times }) => ({ label, times }));
}

/** Random weights, with the statistics of one batch of noise: with those of a new net, values would leave single precision. */
async function drawn(text) {
  const net = await Net.load(text, { phase: "TRAIN", engine: "wasm", seed: 1 });
  for (const name of net.inputs) {
    const { data } = net.blobs.get(name);
    data.set(Float32Array.from(data, () => Math.random() - 0.5));
  }
  await net.runForward();
  const weights = net.toMessage();
  await net.dispose();
  return weights;
}

/** Throws unless both give the same. */
function compare(wanted, found) {
  for (const [name, values] of Object.entries(wanted)) {
    const far = values.findIndex((value, i) => !(Math.abs(value - found[name][i]) < 1e-5));
    if (far >= 0) throw new Error(`${name}[${far}]: ${values[far]} in Moka, ${found[name][far]} in ONNX Runtime`);
  }
}
