// Layers of any shape: what ONNX Runtime computes of the exported layer is what Moka computes.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exportError } from "./exported.js";
import { oneLayer } from "./one-layer.js";

/** A layer with the shapes of its bottoms. */
interface Described {
  readonly layer: string;
  readonly shapes: readonly (readonly number[])[];
  /** Whether the first axis of all bottoms is a batch, of which the layer takes any size. */
  readonly isBatched: boolean;
}

const size = (min: number, max: number) => fc.integer({ min, max });
const list = <T>(each: fc.Arbitrary<T>, length: number) => fc.array(each, { minLength: length, maxLength: length });
const shape = (minRank: number, maxRank: number) => fc.array(size(1, 6), { minLength: minRank, maxLength: maxRank });
const repeated = (name: string, values: readonly number[]) => values.map((value) => `${name}: ${value}`).join(" ");
/** Parameters above 0: with inputs above 0 no sum cancels, so that errors are small relative to it. */
const positive = (name: string) => `${name} { type: "uniform" min: 0.5 max: 1.5 }`;
const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);
const isBatched = true;

/** One axis of a pooling; no window begins beyond the image, where Caffe's values have no scale (see pooling.test.ts). */
const window = size(1, 5)
  .chain((kernel) =>
    fc.record({
      length: size(1, 9),
      kernel: fc.constant(kernel),
      stride: size(1, kernel),
      before: size(0, kernel - 1),
      behind: size(0, kernel - 1),
    }),
  )
  .filter(({ length, kernel, before, behind }) => length + before + behind >= kernel);

const poolings: fc.Arbitrary<Described> = fc
  .record({
    pool: fc.constantFrom("MAX", "AVE", "AVE_EXC_PAD", "STOCHASTIC"),
    round: fc.constantFrom("CEIL", "FLOOR"),
    planes: list(size(1, 3), 2),
    axes: fc.tuple(window, window),
    hasMask: fc.boolean(),
  })
  .filter(({ pool, axes }) => pool !== "STOCHASTIC" || axes.every(({ length, kernel }) => kernel <= length))
  .map(({ pool, round, planes, axes: [h, w], hasMask }) => {
    const pads = `pad_t: ${h.before} pad_b: ${h.behind} pad_l: ${w.before} pad_r: ${w.behind}`;
    const tops = hasMask && pool === "MAX" ? `top: "y" top: "mask"` : `top: "y"`;
    const layer = `type: "Pooling" ${tops} pooling_param { pool: ${pool} round_mode: ${round} kernel_h: ${h.kernel} kernel_w: ${w.kernel}
      stride_h: ${h.stride} stride_w: ${w.stride} ${pool === "STOCHASTIC" ? "" : pads} }`;
    return { layer, shapes: [[...planes, h.length, w.length]], isBatched };
  });

/** Convolutions with up to three spatial axes, or deconvolutions. */
function convolutions(type: "Convolution" | "Deconvolution"): fc.Arbitrary<Described> {
  return size(0, 3)
    .chain((axes) =>
      fc.record({
        outer: list(size(1, 3), 1).chain((batch) => fc.constantFrom(batch, [...batch, 2])),
        group: size(1, 3),
        groupChannels: size(1, 3),
        groupOutputs: size(1, 3),
        input: list(size(1, axes === 3 ? 4 : 8), axes),
        kernel: list(size(1, 4), axes),
        stride: list(size(1, 3), axes),
        pad: list(size(0, 3), axes),
        dilation: list(size(1, 2), axes),
        hasBias: fc.boolean(),
      }),
    )
    .filter(({ input, kernel, stride, pad, dilation }) =>
      input.every((length, i) => {
        const reach = dilation[i] * (kernel[i] - 1) + 1;
        const made =
          type === "Convolution" ? length + 2 * pad[i] - reach + 1 : stride[i] * (length - 1) + reach - 2 * pad[i];
        return made > 0;
      }),
    )
    .map(({ outer, group, groupChannels, groupOutputs, input, kernel, stride, pad, dilation, hasBias }) => {
      const windows = [
        repeated("kernel_size", kernel),
        repeated("stride", stride),
        repeated("pad", pad),
        repeated("dilation", dilation),
      ].join(" ");
      const layer = `type: "${type}" convolution_param { num_output: ${group * groupOutputs} group: ${group} axis: ${outer.length}
        ${windows} bias_term: ${hasBias} ${positive("weight_filler")} ${positive("bias_filler")} }`;
      return { layer, shapes: [[...outer, group * groupChannels, ...input]], isBatched };
    });
}

const slices: fc.Arbitrary<Described> = shape(1, 4)
  .chain((sizes) => fc.record({ sizes: fc.constant(sizes), axis: size(0, sizes.length - 1), isNegative: fc.boolean() }))
  .filter(({ sizes, axis }) => sizes[axis] > 1)
  .chain(({ sizes, axis, isNegative }) => {
    const at = isNegative ? axis - sizes.length : axis;
    const tops = (count: number) => Array.from({ length: count }, (_, i) => `top: "y${i}"`).join(" ");
    const points = fc.uniqueArray(size(1, sizes[axis] - 1), { minLength: 1 }).map((at) => at.sort((a, b) => a - b));
    const equal = fc.constantFrom(...[2, 3, 4, 5, 6].filter((count) => sizes[axis] % count === 0));
    const param = (tops: string, points: string) => `type: "Slice" ${tops} slice_param { axis: ${at} ${points} }`;
    return fc
      .oneof(
        points.map((points) => param(tops(points.length + 1), repeated("slice_point", points))),
        equal.map((count) => param(tops(count), "")),
      )
      .map((layer) => ({ layer, shapes: [sizes], isBatched: axis > 0 }));
  });

/** A shape with the same number of values: a few factors, in any order. */
function factorsOf(count: number): fc.Arbitrary<readonly number[]> {
  const divisors = Array.from({ length: count }, (_, i) => i + 1).filter((each) => count % each === 0);
  return fc.constantFrom(...divisors).chain((first): fc.Arbitrary<readonly number[]> => {
    const rest = count / first;
    return rest === 1
      ? fc.constantFrom([first], [first, 1], [1, first])
      : factorsOf(rest).map((more) => [first, ...more]);
  });
}

const reshapes: fc.Arbitrary<Described> = shape(1, 4)
  .chain((sizes) =>
    size(0, sizes.length - 1).chain((axis) =>
      size(1, sizes.length - axis).chain((count) =>
        fc.record({
          sizes: fc.constant(sizes),
          axis: fc.constant(axis),
          count: fc.constant(count),
          to: factorsOf(product(sizes.slice(axis, axis + count))).filter((to) => to.length <= 6),
          copies: fc.boolean(),
          left: fc.option(fc.nat(5)),
        }),
      ),
    ),
  )
  .map(({ sizes, axis, count, to, copies, left }) => {
    // 0 is the size of the same axis of the bottom, −1 what is left.
    const dims = to.map((each, i) => (i === left ? -1 : copies && each === sizes[axis + i] ? 0 : each));
    const numAxes = axis + count === sizes.length ? -1 : count;
    const layer = `type: "Reshape" reshape_param { axis: ${axis} num_axes: ${numAxes} shape { ${repeated("dim", dims)} } }`;
    return { layer, shapes: [sizes], isBatched: axis > 0 };
  });

const eltwises: fc.Arbitrary<Described> = fc
  .record({
    operation: fc.constantFrom("SUM", "PROD", "MAX"),
    sizes: shape(1, 4),
    coefficients: fc.array(fc.constantFrom(-2, -1, 0, 0.5, 1, 3), { minLength: 2, maxLength: 4 }),
    hasCoefficients: fc.boolean(),
  })
  .map(({ operation, sizes, coefficients, hasCoefficients }) => {
    const coeff = operation === "SUM" && hasCoefficients ? repeated("coeff", coefficients) : "";
    const layer = `type: "Eltwise" eltwise_param { operation: ${operation} ${coeff} }`;
    return { layer, shapes: coefficients.map(() => sizes), isBatched };
  });

/** Scale with a parameter, or with a second bottom of the axes from `axis` on. */
const scales: fc.Arbitrary<Described> = shape(1, 4)
  .chain((sizes) =>
    size(0, sizes.length - 1).chain((axis) =>
      fc.record({
        sizes: fc.constant(sizes),
        axis: fc.constant(axis),
        count: size(0, sizes.length - axis),
        isNegative: fc.boolean(),
        hasBias: fc.boolean(),
        isGiven: fc.boolean(),
      }),
    ),
  )
  .map(({ sizes, axis, count, isNegative, hasBias, isGiven }) => {
    const at = isNegative ? axis - sizes.length : axis;
    const numAxes = axis + count === sizes.length && count > 0 ? -1 : count;
    const param = `axis: ${at} ${isGiven ? "" : `num_axes: ${numAxes} ${positive("filler")}`} bias_term: ${hasBias} ${positive("bias_filler")}`;
    const second = isGiven ? [sizes.slice(axis, axis + count)] : [];
    return {
      layer: `type: "Scale" scale_param { ${param} }`,
      shapes: [sizes, ...second],
      isBatched: axis > 0 && !isGiven,
    };
  });

describe("any shape: exported ≡ Moka", () => {
  test.each([
    ["Pooling", poolings],
    ["Convolution", convolutions("Convolution")],
    ["Deconvolution", convolutions("Deconvolution")],
    ["Slice", slices],
    ["Reshape", reshapes],
    ["Eltwise", eltwises],
    ["Scale", scales],
  ])("%s", async (type, layers) => {
    const opsets = size(11, 22);
    await fc.assert(
      fc.asyncProperty(layers, opsets, async ({ layer, shapes, isBatched }, opset) => {
        const larger = shapes.map(([batch, ...rest], i) => [`x${i}`, [batch + 2, ...rest]] as const);
        // Sixteenths, of which sums and products are exact; above 0 where there are parameters.
        const base = layer.includes("uniform") ? 2 : 0;
        const draw = (i: number, name: string) =>
          base + Math.round(16 * Math.sin(i * 12.9898 + name.charCodeAt(1))) / 16;
        const error = exportError(oneLayer(layer, ...shapes), {
          opset,
          draw,
          ...(isBatched && { batch: "dynamic", more: [Object.fromEntries(larger)] }),
        });
        expect(await error, type).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 150 },
    );
  });
});
