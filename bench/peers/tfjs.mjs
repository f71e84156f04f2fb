// TensorFlow.js on its WebAssembly backend. It has no gradients of convolutions, so it runs inference only.

import { createRequire } from "node:module";
import { dirname } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { serve } from "./peer.mjs";

const require = createRequire(import.meta.url);
await serve(tf.version.tfjs, async ({ inputs, layers }, threads) => {
  setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
  setThreadsCount(threads);
  await tf.setBackend("wasm");
  const [input] = inputs;
  const [n, c, h, w] = input.shape;
  const x = tf.randomUniform([n, h, w, c], -1, 1);
  const steps = layers.map(makeStep);
  return async () => {
    const y = tf.tidy(() => {
      const blobs = new Map([[input.name, x]]);
      for (const { bottom, top, run } of steps) blobs.set(top, run(...bottom.map((name) => blobs.get(name))));
      return blobs.get(steps.at(-1).top);
    });
    await y.data();
    y.dispose();
  };
});

function makeStep(layer) {
  const { bottom, top } = layer;
  return { bottom, top, run: makeRun(layer) };
}

/** The function for a layer; its blobs are in NHWC order, as TensorFlow.js expects. */
function makeRun({ type, kernel, stride, pad, group, outputs, global, average, in: shape }) {
  const channels = shape[1];
  switch (type) {
    case "Convolution": {
      if (group === channels && group > 1) {
        const w = tf.randomNormal([kernel, kernel, channels, 1], 0, 0.3);
        return (x) => tf.depthwiseConv2d(padded(x, pad), w, stride, "valid");
      }
      const w = tf.randomNormal([kernel, kernel, channels, outputs], 0, Math.sqrt(2 / (kernel * kernel * channels)));
      return (x) => tf.conv2d(padded(x, pad), w, stride, "valid");
    }
    case "BatchNorm": {
      const [zero, one] = [tf.zeros([channels]), tf.ones([channels])];
      return (x) => tf.batchNorm(x, zero, one, zero, one, 1e-5);
    }
    case "ReLU":
      return (x) => tf.relu(x);
    case "Softmax":
      return (x) => tf.softmax(x);
    case "Eltwise":
      return (a, b) => tf.add(a, b);
    case "Pooling": {
      const pool = average ? tf.avgPool : tf.maxPool;
      if (global) return (x) => tf.mean(x, [1, 2], true);
      return (x) => pool(x, kernel, stride, pad === 0 ? "same" : pad);
    }
    case "InnerProduct": {
      const inputs = shape.slice(1).reduce((a, b) => a * b, 1);
      const [w, b] = [tf.randomNormal([inputs, outputs], 0, 1 / Math.sqrt(inputs)), tf.zeros([outputs])];
      return (x) => tf.add(tf.matMul(tf.reshape(x, [-1, inputs]), w), b);
    }
    default:
      throw new Error(`no TensorFlow.js for ${type}`);
  }
}

function padded(x, pad) {
  if (pad === 0) return x;
  return tf.pad(x, [
    [0, 0],
    [pad, pad],
    [pad, pad],
    [0, 0],
  ]);
}
