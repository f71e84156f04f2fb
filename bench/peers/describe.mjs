// A net of bench/nets as plain data, for libraries that do not read Caffe's format: one entry a layer, in order.
// BatchNorm and Scale are one entry, because they are one operation in other libraries.
import { parseNet, summarize } from "../../dist/index.js";

/** @returns {{ inputs: { name: string, shape: number[] }[], layers: object[], trains: boolean }} */
export async function describe(text) {
  const { message } = parseNet(text);
  const { layers: shapes } = await summarize(message, { phase: "TEST" });
  const shapeOf = new Map(shapes.map(({ name, bottoms, tops }) => [name, { bottoms, tops }]));
  const inputs = [];
  const layers = [];
  // A layer in place gets a new name for its top.
  const version = new Map();
  const current = (name) => version.get(name) ?? name;
  for (const layer of message.layer) {
    const { name, type, top, bottom } = layer;
    const { bottoms = [], tops = [] } = shapeOf.get(name) ?? {};
    if (type === "Input") {
      inputs.push(...tops.map(({ name: blob, shape }) => ({ name: blob, shape })));
      continue;
    }
    const last = layers.at(-1);
    if (type === "Scale" && last?.type === "BatchNorm" && last.top === current(bottom[0])) continue;
    const from = bottom.map(current);
    for (const blob of top) version.set(blob, `${blob}@${name}`);
    const shape = { in: bottoms[0]?.shape, out: tops[0]?.shape };
    layers.push({
      type,
      name,
      bottom: from,
      top: current(top[0]),
      inPlace: bottom[0] === top[0],
      ...shape,
      ...fields(layer),
    });
  }
  return { inputs, layers, trains: /SoftmaxWithLoss|force_backward/.test(text) };
}

function fields({ type, convolutionParam: conv, poolingParam: pool, innerProductParam: product }) {
  if (type === "Convolution") {
    const [kernel, stride = 1, pad = 0] = [conv.kernelSize, conv.stride, conv.pad].map(([size]) => size);
    return { kernel, stride, pad, group: conv.group, outputs: conv.numOutput, bias: conv.biasTerm };
  }
  if (type === "Pooling") {
    return {
      kernel: pool.kernelSize,
      stride: pool.stride,
      pad: pool.pad,
      average: pool.pool === 1,
      global: pool.globalPooling,
    };
  }
  return type === "InnerProduct" ? { outputs: product.numOutput, bias: product.biasTerm } : {};
}
