// Convolution and pooling of any shape.
import fc from "fast-check";
import { describe, test } from "vitest";
import { WasmEngine } from "../../src/engines/wasm/index.js";
import { type Convolution, convolution, geometryOf } from "./cases/conv.js";
import { type Pooling, pooling } from "./cases/pool.js";
import { checkCase } from "./check.js";

const engine = await WasmEngine.create();

const size = (min: number, max: number) => fc.integer({ min, max });

/** One to four axes, small enough for the reference, large enough to leave no vector whole. */
const convolutions: fc.Arbitrary<Convolution> = size(1, 4)
  .chain((axes) => {
    const each = (min: number, max: number) => fc.array(size(min, max), { minLength: axes, maxLength: axes });
    return fc.record({
      n: size(1, 3),
      group: size(1, 3),
      groupChannels: size(1, 5),
      groupOutputs: size(1, 9),
      input: axes < 3 ? each(1, 20) : each(1, 6),
      kernel: each(1, axes < 3 ? 5 : 3),
      stride: each(1, 4),
      pad: each(0, 4),
      dilation: each(1, 3),
    });
  })
  .map(({ groupChannels, groupOutputs, ...rest }) => ({
    ...rest,
    channels: rest.group * groupChannels,
    outputs: rest.group * groupOutputs,
  }))
  .filter((each) => geometryOf(each).output.every((length) => length > 0));

/** Those of 3×3 have kernels of their own. */
const depthwise: fc.Arbitrary<Convolution> = fc
  .record({
    n: size(1, 2),
    group: size(1, 4),
    groupOutputs: size(1, 2),
    input: fc.tuple(size(1, 12), size(1, 40)),
    stride: fc.tuple(size(1, 3), size(1, 2)),
    pad: fc.tuple(size(0, 3), size(0, 3)),
  })
  .map(({ groupOutputs, ...rest }) => ({
    ...rest,
    channels: rest.group,
    outputs: rest.group * groupOutputs,
    kernel: 3,
    stride: rest.stride[0] === 3 ? rest.stride : rest.stride[1],
  }))
  .filter((each) => geometryOf(each).output.every((length) => length > 0));

const pair = (min: number, max: number) => fc.tuple(size(min, max), size(min, max));

/** Square windows of two and of three have ways of their own. */
const windows = fc.oneof(
  fc.record({ kernel: pair(1, 12), stride: pair(1, 4), pad: pair(0, 3) }),
  fc
    .record({ side: size(2, 3), step: size(1, 2), rim: size(0, 1) })
    .map(({ side, step, rim }) => ({ kernel: [side, side], stride: [step, step], pad: [rim, rim] }) as const),
);

const poolings: fc.Arbitrary<Pooling> = fc
  .record({ planes: size(1, 3), input: pair(1, 24), window: windows })
  .map(({ window, ...rest }) => ({ ...rest, ...window }))
  .filter(({ input, kernel, pad }) => [0, 1].every((i) => pad[i] < kernel[i] && kernel[i] <= input[i] + 2 * pad[i]));

describe("any geometry", () => {
  test("of convolutions", () => {
    fc.assert(
      fc.property(convolutions, (described) => {
        for (const each of convolution(described)) checkCase(each, engine);
      }),
      { numRuns: 150 },
    );
  });

  test("of depthwise convolutions", () => {
    fc.assert(
      fc.property(depthwise, (described) => {
        for (const each of convolution(described)) checkCase(each, engine);
      }),
      { numRuns: 150 },
    );
  });

  test("of poolings", () => {
    fc.assert(
      fc.property(poolings, (described) => {
        for (const each of pooling(described)) checkCase(each, engine);
      }),
      { numRuns: 200 },
    );
  });
});
