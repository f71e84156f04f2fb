import type { Imported, Scope } from "./scope.js";

/** LRN → LRN across channels: exact, for an odd size. Both divide alpha by the size. */
export function lrn(node: Scope): Imported {
  const size = node.node.int("size", 1);
  node.check(size % 2 === 1, `its size ${size} is even; Caffe's local_size must be odd`);
  const [alpha, beta, k] = [node.node.float("alpha", 1e-4), node.node.float("beta", 0.75), node.node.float("bias", 1)];
  return node.layer("LRN", [node.blob(0)], { lrnParam: { localSize: size, alpha, beta, k } });
}
