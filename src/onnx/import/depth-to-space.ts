import { floatConstant } from "../tensor.js";
import type { Imported, Scope } from "./scope.js";
import { permuted } from "./transpose.js";
import type { Blob } from "./value.js";

/** Which of a channel's parts comes first: the places in the block (DCR), or the depth (CRD). */
export type BlockOrder = "DCR" | "CRD";

/**
 * DepthToSpace → DepthToSpace, or Reshape, Permute and Reshape, or, where the target has none of these, a Deconvolution whose weights are 0 and 1: exact,
 * the last for finite values.
 */
export function depthToSpace(node: Scope): Imported {
  const mode = node.node.string("mode", "DCR");
  node.check(mode === "DCR" || mode === "CRD", `its mode is "${mode}"`);
  return spread(node, node.blob(0), blockOf(node), mode);
}

/** SpaceToDepth → Reshape, Permute and Reshape, or a Convolution whose weights are 0 and 1: exact, the last for finite values. */
export function spaceToDepth(node: Scope): Imported {
  const [x, size] = [node.blob(0), blockOf(node)];
  const [n = 1, channels = 1, h = 1, w = 1] = x.shape;
  if (x.shape.length !== 4 || h % size !== 0 || w % size !== 0) {
    throw node.node.error("MOKA_PARSE", `blocks of ${size} do not divide ${x.shape.join(" × ")}`);
  }
  if (node.can("Permute")) {
    const cut = node.reshape(x, [n, channels, h / size, size, w / size, size], "blocks");
    const turned = permuted(node, cut, [0, 3, 5, 1, 2, 4], "turned");
    return node.reshape(turned, [n, channels * size ** 2, h / size, w / size]);
  }
  const outputs = channels * size ** 2;
  node.budget.take(outputs * outputs);
  const weights = new Float32Array(outputs * outputs);
  for (let place = 0; place < size ** 2; place++) {
    for (let c = 0; c < channels; c++) weights[((place * channels + c) * channels + c) * size ** 2 + place] = 1;
  }
  const fields = { convolutionParam: { numOutput: outputs, kernelSize: [size], stride: [size], biasTerm: false } };
  return node.layer("Convolution", [x], fields, {
    parameters: [floatConstant([outputs, channels, size, size], weights)],
  });
}

function blockOf(node: Scope): number {
  const size = node.node.int("blocksize", 0);
  if (!(size > 0)) throw node.node.error("MOKA_PARSE", `its blocksize is ${size}`);
  return size;
}

/** Channels spread over blocks of `size` × `size` places. */
export function spread(node: Scope, x: Blob, size: number, mode: BlockOrder): Blob {
  const [n = 1, channels = 1, h = 1, w = 1] = x.shape;
  const depth = channels / size ** 2;
  if (x.shape.length !== 4 || !Number.isInteger(depth)) {
    throw node.node.error(
      "MOKA_PARSE",
      `blocks of ${size} × ${size} do not divide the channels of ${x.shape.join(" × ")}`,
    );
  }
  if (node.can("DepthToSpace"))
    return node.layer("DepthToSpace", [x], { depthToSpaceParam: { blockSize: size, dataFormat: mode } });
  if (node.can("Permute")) {
    const pieces = mode === "CRD" ? [n, depth, size, size, h, w] : [n, size, size, depth, h, w];
    const order = mode === "CRD" ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
    return node.reshape(permuted(node, node.reshape(x, pieces, "blocks"), order, "turned"), [
      n,
      depth,
      h * size,
      w * size,
    ]);
  }
  // With the depth first, the channels of one output lie together, and are a group.
  const group = mode === "CRD" ? depth : 1;
  const perGroup = depth / group;
  node.budget.take(channels * perGroup * size ** 2);
  const weights = new Float32Array(channels * perGroup * size ** 2);
  for (let c = 0; c < channels; c++) {
    const [place, output] = mode === "CRD" ? [c % size ** 2, 0] : [Math.floor(c / depth), c % depth];
    weights[(c * perGroup + output) * size ** 2 + place] = 1;
  }
  const fields = { convolutionParam: { numOutput: depth, group, kernelSize: [size], stride: [size], biasTerm: false } };
  return node.layer("Deconvolution", [x], fields, {
    parameters: [floatConstant([channels, perGroup, size, size], weights)],
  });
}
