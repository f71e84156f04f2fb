import { createRequire } from "node:module";
import * as ort from "onnxruntime-node";
import { onnxModel } from "./onnx-model.mjs";
import { noise, serve } from "./peer.mjs";

const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json");
await serve(version, async (net, threads) => {
  const session = await ort.InferenceSession.create(onnxModel(net), {
    intraOpNumThreads: threads,
    graphOptimizationLevel: "all",
  });
  const [{ name, shape }] = net.inputs;
  const x = new ort.Tensor("float32", noise(shape.reduce((a, b) => a * b)), shape);
  return () => session.run({ [name]: x });
});
