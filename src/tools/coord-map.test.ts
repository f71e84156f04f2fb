// The cases of pycaffe's test_coord_map.py.
import { expect, test } from "vitest";
import { Net } from "../api/net.js";
import { coordMapFromTo, crop } from "./coord-map.js";
import { L, NetSpec, P } from "./net-spec.js";

type Sizes = number | number[];

function pattern({ ks = 3 as Sizes, stride = 1 as Sizes, pad = 0 as Sizes, pool = 2, dstride = 2, dpad = 0 } = {}) {
  const n = new NetSpec();
  n.data = L.Input({ shape: { dim: [2, 1, 100, 100] } });
  n.aux = L.Input({ shape: { dim: [2, 1, 20, 20] } });
  n.conv = L.Convolution(n.data, { num_output: 10, kernel_size: ks, stride, pad });
  n.pool = L.Pooling(n.conv, { pool: P.Pooling.MAX, kernel_size: pool, stride: pool, pad: 0 });
  const up = { num_output: 10, kernel_size: 2 * dstride, stride: dstride, pad: dpad };
  n.deconv = L.Deconvolution(n.pool, { convolution_param: up });
  return n;
}

const mapped = (options = {}) => {
  const n = pattern(options);
  return coordMapFromTo(n.deconv, n.data);
};
const refused = (code: string) => expect.objectContaining({ name: "MokaError", code });

test("through convolution, pooling and deconvolution", () => {
  expect(mapped()).toEqual({ axis: 1, scale: [1], shift: [0] });
  expect(mapped({ pool: 4, dstride: 4 })).toEqual({ axis: 1, scale: [1], shift: [-1] });
});

test("through layers that keep places", () => {
  const n = pattern();
  n.relu = L.ReLU(n.deconv);
  n.conv1x1 = L.Convolution(n.relu, { num_output: 10, kernel_size: 1, stride: 1, pad: 0 });
  n.sum = L.Eltwise(n.conv1x1, n.deconv);
  for (const top of [n.relu, n.conv1x1, n.sum, L.LRN(L.BatchNorm(n.relu))]) {
    expect(coordMapFromTo(top, n.data)).toEqual({ axis: 1, scale: [1], shift: [0] });
  }
});

test.each([0, 3, 7])(
  "padding of %i adds to the offset in a convolution, and takes from it in a deconvolution",
  (pad) => {
    expect(mapped({ pad }).shift).toEqual([0 - pad]);
    expect(mapped({ dpad: pad }).shift).toEqual([pad]);
    expect(mapped({ pad, dpad: pad }).shift).toEqual([0]);
  },
);

test("all bottoms and tops of a layer map alike", () => {
  const n = pattern();
  [n.a, n.b] = L.Convolution(n.data, n.aux, { ntop: 2, num_output: 10, kernel_size: 5, stride: 2, pad: 0 });
  expect(coordMapFromTo(n.a, n.data)).toEqual(coordMapFromTo(n.b, n.aux));
});

test("sizes that differ by axis, and more axes", () => {
  const [a, b, both] = [
    mapped({ ks: 3, stride: 1, pad: 0 }),
    mapped({ ks: 5, stride: 2, pad: 10 }),
    mapped({ ks: [3, 5], stride: [1, 2], pad: [0, 10] }),
  ];
  expect(both).toEqual({ axis: 1, scale: [...a.scale, ...b.scale], shift: [...a.shift, ...b.shift] });
  const solid = mapped({ ks: [3, 3, 3], stride: [1, 1, 1], pad: [0, 1, 2] });
  expect(solid).toEqual({ axis: 1, scale: [1, 1, 1], shift: [0, -1, -2] });
});

test("dilation makes the kernel larger", () => {
  const n = pattern();
  n.wide = L.Convolution(n.data, { num_output: 1, kernel_size: 3, dilation: 4 });
  expect(coordMapFromTo(n.wide, n.data)).toEqual({ axis: 1, scale: [1], shift: [4] });
});

test("a crop of a crop adds its offset", () => {
  const n = pattern();
  n.crop = L.Crop(n.deconv, n.data, { axis: 2, offset: 5 });
  expect(coordMapFromTo(n.crop, n.data)).toEqual({ axis: 1, scale: [1], shift: [5] });
});

test("crop writes the layer, and the net with it has the size of the data", async () => {
  const n = pattern({ pad: 10 });
  n.score = crop(n.deconv, n.data);
  const net = await Net.load(String(n), { engine: "reference" });
  expect(net.blobs.get("score")?.shape).toEqual([2, 10, 100, 100]);
  expect(String(n)).toContain("crop_param {\n    axis: 2\n    offset: 10\n  }");
  await net.dispose();
});

test("tops that no spatial layers connect, and crops that cannot be", () => {
  const n = pattern();
  n.ip = L.InnerProduct(n.deconv, { num_output: 10 });
  expect(() => coordMapFromTo(n.ip, n.data)).toThrow(refused("MOKA_BLOB"));
  expect(() => coordMapFromTo(n.deconv, n.aux)).toThrow(refused("MOKA_BLOB"));
  const cropped = (options: object) => () => {
    const { deconv, data } = pattern(options);
    return crop(deconv, data);
  };
  expect(cropped({ pool: 3, dstride: 2 })).toThrow(/cannot crop: a step of one top is/);
  expect(cropped({ dpad: 10 })).toThrow(/lies inside the other, by 10/);
  expect(cropped({ ks: 4, pad: 2 })).toThrow(/not whole/);
  const { data } = n;
  expect(() => crop(L.ReLU(data), data)).toThrow(/which axes are spatial/);
  const tall = L.Convolution(data, { num_output: 1, kernel_h: 3, kernel_w: 1 });
  expect(() => coordMapFromTo(tall, data)).toThrow(refused("MOKA_FIELD"));
  expect(() => coordMapFromTo(L.Pooling(data, { global_pooling: true }), data)).toThrow(/without kernel_size/);
  const other = L.Convolution(L.Convolution(data, { num_output: 1, kernel_size: 1 }), {
    num_output: 1,
    kernel_size: 1,
    axis: 2,
  });
  expect(() => coordMapFromTo(other, data)).toThrow(/other axes/);
});
