import type { NormPool } from "../../../src/core/kernels.js";
import { type Case, kernelCase, type Maker } from "../maker.js";
import { type Pooling, poolGeometry } from "./pool.js";

const eps = 1e-5;

/** The three kernels, for images of so many channels. */
function fused(n: number, channels: number, pooling: Omit<Pooling, "planes">, method: "MAX" | "AVE"): Case[] {
  const size: NormPool = { ...poolGeometry({ ...pooling, planes: n * channels }), channels, method };
  const { planes, input, output, kernel, stride, pad } = size;
  const inputs = planes * input[0] * input[1];
  const outputs = planes * output[0] * output[1];
  const given = (m: Maker) => ({ mean: m.normal(channels), variance: m.between(channels, 0.1, 3) });
  return [0, 0.1, 1].flatMap((negativeSlope) => {
    const title = `${n}×${channels}×${input.join("×")}, ${method} ${kernel.join("×")} stride ${stride.join("×")} pad ${pad.join("×")}, negativeSlope ${negativeSlope}`;
    const operands = (m: Maker) =>
      negativeSlope === 1
        ? { scale: undefined, bias: undefined }
        : { scale: m.normal(channels, 0.3), bias: m.normal(channels, 0, 0.5) };
    const gradients = (m: Maker) => ({
      dscale: negativeSlope === 1 ? undefined : m.normal(channels),
      dbias: negativeSlope === 0 ? undefined : m.normal(channels),
    });
    return [
      kernelCase("batchNormPool", title, (m) => ({
        x: m.normal(inputs, 3, 2),
        y: m.out(outputs),
        mean: m.out(channels),
        variance: m.out(channels),
        ...operands(m),
        negativeSlope,
        eps,
        ...size,
      })),
      kernelCase("normalizePool", title, (m) => ({
        x: m.normal(inputs),
        y: m.out(outputs),
        ...(negativeSlope === 0.1 ? { mean: undefined, variance: undefined } : given(m)),
        ...operands(m),
        negativeSlope,
        eps,
        ...size,
      })),
      ...[false, true].map((inPlace) =>
        kernelCase(
          "batchNormPoolBackward",
          `${title}${inPlace ? ", over x" : ""}`,
          (m) => {
            const x = m.normal(inputs);
            const dx = inPlace ? x : m.out(inputs);
            return {
              x,
              dy: m.normal(outputs),
              dx,
              ...given(m),
              ...operands(m),
              ...gradients(m),
              negativeSlope,
              eps,
              ...size,
            };
          },
          // Sums may be much smaller than what they are sums of.
          { floor: 4 },
        ),
      ),
    ];
  });
}

const two = { kernel: [2, 2], stride: [2, 2], pad: [0, 0] } as const;
const three = { kernel: [3, 3], stride: [2, 2], pad: [0, 0] } as const;

export const batchNormPoolCases: readonly Case[] = (["MAX", "AVE"] as const).flatMap((method) => [
  ...fused(3, 5, { input: [12, 16], ...two }, method),
  ...fused(2, 3, { input: [4, 22], ...two }, method),
  ...fused(2, 3, { input: [9, 11], ...two }, method),
  // Threads take some channels in chunks.
  ...fused(2, 23, { input: [33, 32], ...two }, method),
  ...fused(2, 2, { input: [3, 4], ...two }, method),
  ...fused(2, 6, { input: [17, 16], ...three }, method),
  ...fused(1, 3, { input: [14, 15], ...three, pad: [1, 1] }, method),
  ...fused(4, 1, { input: [7, 8], kernel: [3, 3], stride: [1, 1], pad: [1, 1] }, method),
  ...fused(5, 9, { input: [4, 4], kernel: [4, 4], stride: [1, 1], pad: [0, 0] }, method),
  ...fused(2, 2, { input: [10, 13], kernel: [2, 5], stride: [3, 2], pad: [1, 0] }, method),
  ...fused(6, 4, { input: [1, 1], kernel: [1, 1], stride: [1, 1], pad: [0, 0] }, method),
  ...fused(0, 4, { input: [6, 6], ...two }, method),
]);
