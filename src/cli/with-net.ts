import type { Net, NetOptions } from "../index.js";
import { check } from "../util/errors.js";
import { problems } from "./print.js";

/** What loads a net for a command: options of Moka's nets, or of ONNX Runtime's. */
export interface LoadOptions extends Omit<NetOptions, "engine"> {
  readonly engine?: NetOptions["engine"] | "onnxruntime";
  /** With `onnxruntime`: where it computes. */
  readonly provider?: string | undefined;
  /** With `onnxruntime`: blobs that are read besides inputs and outputs. */
  readonly blobs?: readonly string[];
}

/** Loads a net. The caller disposes of it. */
export async function loadNet(model: string, { engine, provider, blobs, ...options }: LoadOptions): Promise<Net> {
  if (engine === "onnxruntime") {
    const { loadOnnxNet } = await import("../api/onnx-net.js");
    return loadOnnxNet(model, { ...options, provider, blobs });
  }
  check(provider === undefined, "MOKA_USAGE", "--provider goes with --engine onnxruntime");
  const { Net } = await import("../index.js");
  return Net.load(model, { ...options, engine });
}

/** Loads a net, calls `work` with it, and frees its memory. */
export async function withNet<T>(model: string, options: LoadOptions, work: (net: Net) => Promise<T>): Promise<T> {
  const net = await loadNet(model, { log: problems({ upgrades: false }), ...options });
  try {
    return await work(net);
  } finally {
    await net.dispose();
  }
}
