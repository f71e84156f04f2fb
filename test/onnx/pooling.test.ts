// The proof that a Pooling layer in ONNX has Caffe's sizes, maxima and divisors: every kernel, stride, padding and size up to 7, MAX and
// AVE, both roundings, in ONNX Runtime and in Moka. Many layers are in one net, so that it is a matter of seconds.
import { expect, test } from "vitest";
import { exportPair } from "../../src/api/export-onnx.js";
import { writeModel } from "../../src/onnx/model.js";
import { runOnnx } from "./exported.js";

interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
}

interface Case {
  readonly size: readonly [number, number];
  readonly axes: readonly [Window, Window];
  readonly round: Round;
}

function windows(largest: number): readonly Window[] {
  const upTo = (count: number, first = 1) => Array.from({ length: count }, (_, i) => first + i);
  return upTo(largest).flatMap((kernel) =>
    upTo(largest).flatMap((stride) => upTo(kernel, 0).map((pad) => ({ kernel, stride, pad }))),
  );
}

type Round = "CEIL" | "FLOOR";

/** Whether the padded axis has room for a window, or, rounded up, for a part of one. */
function fits({ kernel, stride, pad }: Window, size: number, round: Round): boolean {
  const steps = (size + 2 * pad - kernel) / stride;
  return (round === "CEIL" ? Math.ceil(steps) : Math.floor(steps)) + 1 > 0;
}

const rounds: readonly Round[] = ["CEIL", "FLOOR"];
const sizes = [1, 2, 3, 4, 5, 6, 7];

/** One layer for each method and case; MAX with its second top. */
function netOf(cases: readonly Case[]): string {
  const inputs = new Set(cases.map(({ size }) => size.join()));
  const input = [...inputs].map((size) => {
    const [h, w] = size.split(",");
    return `layer { name: "x${h}_${w}" type: "Input" top: "x${h}_${w}" input_param { shape { dim: 2 dim: 2 dim: ${h} dim: ${w} } } }`;
  });
  const layers = cases.flatMap(({ size, axes: [h, w], round }, i) =>
    ["MAX", "AVE"].map((method) => {
      const tops = method === "MAX" ? `top: "MAX${i}" top: "mask${i}"` : `top: "AVE${i}"`;
      return `layer { name: "${method}${i}" type: "Pooling" bottom: "x${size.join("_")}" ${tops} pooling_param { pool: ${method}
        kernel_h: ${h.kernel} kernel_w: ${w.kernel} stride_h: ${h.stride} stride_w: ${w.stride} pad_h: ${h.pad} pad_w: ${w.pad}
        round_mode: ${round} } }`;
    }),
  );
  return [...input, ...layers].join("\n");
}

/** Values with ties, so that the mask must be of the first of equals. */
const draw = (_: unknown, i: number) => Math.round(Math.sin(i * 12.9898 + 1) * 4) / 4;

async function differences(cases: readonly Case[], opset = 13): Promise<readonly string[]> {
  const { original, exported } = await exportPair(netOf(cases), undefined, { engine: "reference", opset });
  const inputs = Object.fromEntries(
    original.inputs.map((name) => {
      const { shape = [], count = 0 } = original.blobs.get(name) ?? {};
      return [name, { shape, data: Float32Array.from({ length: count }, draw) }];
    }),
  );
  const given = Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data]));
  const [wanted, found] = [await original.forward(given), await runOnnx(writeModel(exported.model), inputs)];
  const shapes = new Map(Object.keys(wanted).map((name) => [name, original.blobs.get(name)?.shape.join()]));
  await original.dispose();
  expect(Object.keys(wanted).length).toBe(3 * cases.length);
  return Object.entries(wanted).flatMap(([name, values]) => {
    const output = found[name];
    const tolerance = name.startsWith("AVE") ? 1e-6 : 0;
    const isSame = (value: number, i: number) =>
      Object.is(value, output.data[i]) || Math.abs(value - output.data[i]) <= tolerance;
    if (output.shape.join() === shapes.get(name) && values.every(isSame)) return [];
    return [`${name}: ${JSON.stringify(cases[Number(name.replace(/\D/g, ""))])}`];
  });
}

// Beside each is another axis, with padding and without: Caffe drops a last window outside the image where any axis is padded.
test.each(sizes)("every window on an axis of size %i", async (size) => {
  const all = windows(7);
  const cases = all.flatMap((window, i) =>
    rounds.flatMap((round) => {
      if (!fits(window, size, round)) return [];
      const besideSize = sizes[(i + size) % 7];
      return [true, false].map((isPadded): Case => {
        const others = all.filter((each) => each.pad > 0 === isPadded && fits(each, besideSize, round));
        const beside = others[(i * 37 + size) % others.length];
        return i % 2 === 0
          ? { size: [size, besideSize], axes: [window, beside], round }
          : { size: [besideSize, size], axes: [beside, window], round };
      });
    }),
  );
  expect(await differences(cases)).toEqual([]);
});

test("every pair of windows up to 2, with strides up to 3, on images up to 3 × 3", async () => {
  const small = windows(3).filter(({ kernel }) => kernel <= 2);
  const sides = [1, 2, 3].flatMap((size) => small.map((window) => ({ size, window })));
  const cases = rounds.flatMap((round) => {
    const fitting = sides.filter(({ size, window }) => fits(window, size, round));
    return fitting.flatMap((h) =>
      fitting.map((w): Case => ({ size: [h.size, w.size], axes: [h.window, w.window], round })),
    );
  });
  expect(await differences(cases, 22)).toEqual([]);
});
