// Writes a described net as an ONNX model with random weights; only the part of the format that bench/nets needs.
import { noise } from "./peer.mjs";

/** Writes a protobuf message field by field. */
class Writer {
  #parts = [];

  varint(field, value) {
    return this.#tag(field, 0, varint(value));
  }

  float(field, value) {
    return this.#tag(field, 5, Buffer.from(Float32Array.of(value).buffer));
  }

  bytes(field, value) {
    const bytes = typeof value === "string" ? Buffer.from(value) : value instanceof Writer ? value.done() : value;
    return this.#tag(field, 2, varint(bytes.length), bytes);
  }

  done() {
    return Buffer.concat(this.#parts);
  }

  #tag(field, kind, ...rest) {
    this.#parts.push(varint(field * 8 + kind), ...rest);
    return this;
  }
}

function varint(value) {
  const bytes = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  return Buffer.from([...bytes, left]);
}

/** @returns {Buffer} a ModelProto of opset 13 */
export function onnxModel({ inputs, layers }) {
  const graph = new Writer().bytes(2, "net");
  const weights = (name, dims, values) => {
    const tensor = new Writer();
    for (const dim of dims) tensor.varint(1, dim);
    graph.bytes(5, tensor.varint(2, 1).bytes(8, name).bytes(9, Buffer.from(values.buffer)));
    return name;
  };
  for (const layer of layers) graph.bytes(1, node(layer, weights));
  for (const { name, shape } of inputs) graph.bytes(11, valueInfo(name, shape));
  const { top, out } = layers.at(-1);
  graph.bytes(12, valueInfo(top, [...out, 1, 1].slice(0, 4)));
  return new Writer().varint(1, 8).bytes(8, new Writer().varint(2, 13)).bytes(7, graph).done();
}

function node(layer, weights) {
  const { type, name, bottom, top, kernel, stride, pad, group, outputs, global, average } = layer;
  const channels = layer.in[1];
  const twice = (value) => [value, value];
  switch (type) {
    case "Convolution": {
      const dims = [outputs, channels / group, kernel, kernel];
      const fan = dims[1] * kernel * kernel;
      const w = weights(`${name}.w`, dims, noise(outputs * fan, Math.sqrt(6 / fan)));
      const b = layer.bias ? [weights(`${name}.b`, [outputs], new Float32Array(outputs))] : [];
      const sizes = { kernel_shape: twice(kernel), strides: twice(stride), pads: Array(4).fill(pad), group };
      return make("Conv", [bottom[0], w, ...b], top, sizes);
    }
    case "BatchNorm": {
      const blob = (part, value) => weights(`${name}.${part}`, [channels], new Float32Array(channels).fill(value));
      return make("BatchNormalization", [bottom[0], blob("g", 1), blob("b", 0), blob("m", 0), blob("v", 1)], top, {});
    }
    case "ReLU":
      return make("Relu", bottom, top, {});
    case "Softmax":
      return make("Softmax", bottom, top, { axis: 1 });
    case "Eltwise":
      return make("Add", bottom, top, {});
    case "Pooling": {
      if (global) return make(average ? "GlobalAveragePool" : "GlobalMaxPool", bottom, top, {});
      const sizes = { kernel_shape: twice(kernel), strides: twice(stride), pads: Array(4).fill(pad), ceil_mode: 1 };
      return make(average ? "AveragePool" : "MaxPool", bottom, top, sizes);
    }
    case "InnerProduct": {
      const inputs = layer.in.slice(1).reduce((a, b) => a * b, 1);
      const w = weights(`${name}.w`, [outputs, inputs, 1, 1], noise(outputs * inputs, 1 / Math.sqrt(inputs)));
      const b = weights(`${name}.b`, [outputs], new Float32Array(outputs));
      // Behind global pooling a product is written as a convolution of 1×1, whose result keeps four axes.
      if (layer.in.slice(2).some((size) => size !== 1)) throw new Error(`${name}: InnerProduct on a plane`);
      return make("Conv", [bottom[0], w, b], top, { kernel_shape: [1, 1] });
    }
    default:
      throw new Error(`no ONNX for ${type}`);
  }
}

function make(op, inputs, output, attributes) {
  const made = new Writer();
  for (const input of inputs) made.bytes(1, input);
  made.bytes(2, output).bytes(4, op);
  for (const [name, value] of Object.entries(attributes)) {
    const attribute = new Writer().bytes(1, name);
    if (Array.isArray(value)) {
      for (const each of value) attribute.varint(8, each);
      attribute.varint(20, 7);
    } else attribute.varint(3, value).varint(20, 2);
    made.bytes(5, attribute);
  }
  return made;
}

function valueInfo(name, shape) {
  const dims = new Writer();
  for (const size of shape) dims.bytes(1, new Writer().varint(1, size));
  const tensor = new Writer().varint(1, 1).bytes(2, dims);
  return new Writer().bytes(1, name).bytes(2, new Writer().bytes(1, tensor));
}
