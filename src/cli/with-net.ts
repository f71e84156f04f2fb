import type { Net, NetOptions } from "../index.js";
import { problems } from "./print.js";

/** Loads a net, calls `work` with it, and frees its memory. */
export async function withNet<T>(model: string, options: NetOptions, work: (net: Net) => Promise<T>): Promise<T> {
  const { Net } = await import("../index.js");
  const net = await Net.load(model, { log: problems({ upgrades: false }), ...options });
  try {
    return await work(net);
  } finally {
    await net.dispose();
  }
}
