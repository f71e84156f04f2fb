import { check } from "./errors.js";
import { described, isFile } from "./files.js";

/** Calls with options, as they are to be written. */
const examples = {
  "Net.load": '"net.prototxt", { weights: "net.caffemodel", phase: "TRAIN" }',
  "Solver.load": '"solver.prototxt", { weights: "net.caffemodel" }',
  "Classifier.load": '"deploy.prototxt", "net.caffemodel", { mean: "mean.binaryproto" }',
  "Detector.load": '"deploy.prototxt", "net.caffemodel", { mean: "mean.binaryproto" }',
  calibrate: '"train_val.prototxt", "net.caffemodel", { output: "new.caffemodel" }',
  doctor: '"train_val.prototxt", "net.caffemodel", { iterations: 20 }',
  drawNet: '"net.prototxt", { phase: "TRAIN" }',
  deploy: '"net.prototxt", "net.caffemodel", { provider: "cpu" }',
  exportOnnx: '"deploy.prototxt", "net.caffemodel", { output: "net.onnx" }',
  fix: '"net.prototxt", { weights: "net.caffemodel" }',
  fold: '"deploy.prototxt", "net.caffemodel", { output: "folded" }',
  importOnnx: '"model.onnx", { target: "bvlc" }',
  lint: '"net.prototxt", { weights: "net.caffemodel" }',
  stats: '"net.prototxt", "net.caffemodel", { phase: "TEST" }',
  verifyOnnx: '"net.onnx", { certificate: "net.onnx.certificate.json" }',
  summarize: '"net.prototxt", { phase: "TRAIN" }',
} as const;

/**
 * Refuses what is no object with names where options belong: of a string, as in pycaffe's `Net(file, weights, phase)`, no option
 * would be read, and nobody told.
 *
 * @throws MokaError `MOKA_USAGE`, which says how the call is written
 */
export function checkOptions(call: keyof typeof examples, options: unknown): void {
  const wanted = `${call}(${examples[call]})`;
  check(isOptions(options), "MOKA_USAGE", `options are wanted, as in ${wanted}; this is ${described(options)}`);
}

function isOptions(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  // Files, arrays of numbers and messages are objects too.
  return !isFile(value) && !ArrayBuffer.isView(value) && !(value instanceof Promise) && !("$typeName" in value);
}
