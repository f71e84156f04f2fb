import * as ort from "onnxruntime-web";
import { onnxModel } from "./onnx-model.mjs";
import { noise, serve } from "./peer.mjs";

await serve(ort.env.versions.web, async (net, threads) => {
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(onnxModel(net), {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
  const [{ name, shape }] = net.inputs;
  const x = new ort.Tensor("float32", noise(shape.reduce((a, b) => a * b)), shape);
  return () => session.run({ [name]: x });
});
