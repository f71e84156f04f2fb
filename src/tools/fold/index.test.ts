import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type Folding, folding, input, layer, worst } from "../../../test/folding.js";
import { blobShape, blobValues, makeBlob } from "../../proto/binary/index.js";
import { LayerParameterSchema, NetParameterSchema } from "../../proto/gen/caffe_pb.js";

const image = input([2, 4, 6, 5]);
const conv = (name: string, bottom: string, rest = "", more = "", top = name) =>
  layer("Convolution", name, bottom, `convolution_param { num_output: 4 kernel_size: 3 ${rest} } ${more}`, top);
const norm = (name: string, bottom: string, top = name) => layer("BatchNorm", name, bottom, "", top);
const scale = (name: string, bottom: string, top = name) =>
  layer("Scale", name, bottom, "scale_param { bias_term: true }", top);

/** Both nets agree, every folded layer is within its bound, and the outputs have the names they had. */
async function holds(folded: Folding): Promise<void> {
  const comparison = await folded.compare();
  const { relative, share } = worst(comparison);
  expect(comparison.outputs.length).toBeGreaterThan(0);
  expect(relative).toBeLessThan(1e-5);
  expect(share).toBeLessThan(1);
}

test("folds BatchNorm and Scale in place into the convolution before, which gets a bias", async () => {
  const text = image + conv("c", "data", "bias_term: false") + norm("bn", "c", "c") + scale("sc", "c", "c");
  const folded = await folding(`${text}layer { name: "r" type: "ReLU" bottom: "c" top: "c" }`);
  expect(folded.moves).toEqual({ bn: "c", sc: "c" });
  expect(folded.kept).toEqual([]);
  expect(folded.net.layer.map(({ name }) => name)).toEqual(["data", "c", "r"]);
  expect(folded.text).not.toContain("bias_term");
  const blobs = folded.weights.layer.find(({ name }) => name === "c")?.blobs ?? [];
  expect(blobs.map(blobShape)).toEqual([[4, 4, 3, 3], [4]]);
  expect(folded.before).toEqual({ layers: 5, parameters: 144 + 9 + 8 });
  expect(folded.after).toEqual({ layers: 3, parameters: 144 + 4 });
  await holds(folded);
});

test.each([
  ["DepthwiseConvolution", "group: 4", true],
  ["ConvolutionDepthwise", "group: 2", true],
  ["ConvolutionDepthwise", "", false],
])("%s with %j folds: %s", async (type, group, folds) => {
  const field = `convolution_param { num_output: 4 kernel_size: 3 ${group} bias_term: false }`;
  const text = image + layer(type, "c", "data", field) + norm("bn", "c", "c") + scale("sc", "c", "c");
  const folded = await folding(text);
  expect(folded.moves).toEqual(folds ? { bn: "c", sc: "c" } : {});
  if (!folds) expect(JSON.stringify(folded.kept)).toMatch(/takes its group from its bottom/);
  await holds(folded);
});

test("gives the values of the formula", async () => {
  const text =
    input([1, 1, 1, 1]) + layer("Convolution", "c", "data", "convolution_param { num_output: 1 kernel_size: 1 }");
  const blobs = (...values: number[]) => values.map((value) => makeBlob([1], { data: Float32Array.of(value) }));
  const weights = create(NetParameterSchema, {
    layer: [
      create(LayerParameterSchema, {
        name: "c",
        blobs: [makeBlob([1, 1, 1, 1], { data: Float32Array.of(3) }), ...blobs(5)],
      }),
      create(LayerParameterSchema, { name: "bn", blobs: blobs(4, 0.5, 2) }), // mean 2, variance 0.25
      create(LayerParameterSchema, { name: "sc", blobs: blobs(10, -1) }),
    ],
  });
  const eps = "batch_norm_param { eps: 0 }";
  const { weights: folded } = await folding(text + layer("BatchNorm", "bn", "c", eps) + scale("sc", "bn"), { weights });
  const [w, b] = (folded.layer.find(({ name }) => name === "c")?.blobs ?? []).map((blob) => blobValues(blob).data[0]);
  expect(w).toBe(60); // 3/0.5·10
  expect(b).toBe(59); // (5 − 2)/0.5·10 − 1
});

test("a factor of 0 means mean 0 and variance 0", async () => {
  const text = image + conv("c", "data") + norm("bn", "c");
  const { message } = { message: (await folding(text)).weights };
  const zero = [4, 4, 1].map((count) => makeBlob([count], { data: new Float32Array(count) }));
  zero[0] = makeBlob([4], { data: Float32Array.of(1, 2, 3, 4) });
  const c = message.layer.find(({ name }) => name === "c");
  const weights = create(NetParameterSchema, {
    layer: [
      create(LayerParameterSchema, { name: "c", blobs: c?.blobs ?? [] }),
      create(LayerParameterSchema, { name: "bn", blobs: zero }),
    ],
  });
  const folded = await folding(text, { weights });
  const [w] = folded.weights.layer.find(({ name }) => name === "c")?.blobs ?? [];
  const [old] = c?.blobs ?? [];
  if (!w || !old) throw new Error("no blobs");
  const ratio = (blobValues(w).data[0] ?? 0) / (blobValues(old).data[0] ?? 1);
  expect(ratio).toBeCloseTo(1 / Math.sqrt(1e-5), 3);
  await holds(folded);
});

test.each([
  ["BatchNorm alone, not in place", conv("c", "data") + norm("bn", "c"), { bn: "c" }],
  ["Scale alone", conv("c", "data") + layer("Scale", "sc", "c"), { sc: "c" }],
  ["Bias alone", conv("c", "data", "bias_term: false") + layer("Bias", "b", "c"), { b: "c" }],
  [
    "a chain of four",
    conv("c", "data") + norm("bn", "c") + scale("sc", "bn", "bn") + layer("Bias", "b", "bn") + scale("s2", "b"),
    { bn: "c", sc: "c", b: "c", s2: "c" },
  ],
  [
    "groups",
    conv("c", "data", "group: 2 bias_term: false") + norm("bn", "c", "c") + scale("sc", "c", "c"),
    { bn: "c", sc: "c" },
  ],
  [
    "depthwise",
    conv("c", "data", "group: 4 pad: 1") + norm("bn", "c", "c") + scale("sc", "c", "c"),
    { bn: "c", sc: "c" },
  ],
  [
    "deconvolution",
    layer("Deconvolution", "d", "data", "convolution_param { num_output: 6 kernel_size: 3 stride: 2 pad: 1 }") +
      norm("bn", "d") +
      scale("sc", "bn"),
    { bn: "d", sc: "d" },
  ],
  [
    "deconvolution with groups",
    layer(
      "Deconvolution",
      "d",
      "data",
      "convolution_param { num_output: 6 kernel_size: 2 group: 2 bias_term: false }",
    ) +
      norm("bn", "d") +
      scale("sc", "bn"),
    { bn: "d", sc: "d" },
  ],
  [
    "inner product",
    layer("InnerProduct", "ip", "data", "inner_product_param { num_output: 5 bias_term: false }") +
      norm("bn", "ip", "ip") +
      scale("sc", "ip", "ip"),
    { bn: "ip", sc: "ip" },
  ],
  [
    "transposed inner product",
    layer("InnerProduct", "ip", "data", "inner_product_param { num_output: 5 transpose: true }") + norm("bn", "ip"),
    { bn: "ip" },
  ],
  [
    "inner product along axis 2",
    layer("InnerProduct", "ip", "data", "inner_product_param { num_output: 5 axis: 2 }") +
      layer("Scale", "sc", "ip", "scale_param { axis: -1 bias_term: true }"),
    { sc: "ip" },
  ],
  [
    "scalar Scale",
    conv("c", "data") + layer("Scale", "sc", "c", "scale_param { num_axes: 0 bias_term: true }"),
    { sc: "c" },
  ],
  [
    "in front of a convolution without pad",
    norm("bn", "data", "data") + scale("sc", "data", "data") + conv("c", "data", "group: 2"),
    { bn: "c", sc: "c" },
  ],
  [
    "in front of a convolution that strides and dilates",
    norm("bn", "data") + conv("c", "bn", "stride: 2 dilation: 2 bias_term: false"),
    { bn: "c" },
  ],
  [
    "in front of an inner product, 30 inputs a channel",
    norm("bn", "data") +
      scale("sc", "bn", "bn") +
      layer("InnerProduct", "ip", "bn", "inner_product_param { num_output: 5 bias_term: false }"),
    { bn: "ip", sc: "ip" },
  ],
  [
    "in front of a transposed inner product",
    scale("sc", "data") + layer("InnerProduct", "ip", "sc", "inner_product_param { num_output: 5 transpose: true }"),
    { sc: "ip" },
  ],
  [
    "in front of two convolutions",
    norm("bn", "data") + conv("c1", "bn") + conv("c2", "bn", "bias_term: false"),
    { bn: "c1 c2" },
  ],
  [
    "in front and behind",
    norm("b1", "data") + conv("c", "b1") + norm("b2", "c") + scale("s2", "b2"),
    { b1: "c", b2: "c", s2: "c" },
  ],
  [
    "in front of padding, where nothing is shifted",
    layer("Scale", "sc", "data") + conv("c", "sc", "pad: 1"),
    { sc: "c" },
  ],
  [
    "in front of a deconvolution, where nothing is shifted",
    layer("Scale", "sc", "data") +
      layer("Deconvolution", "d", "sc", "convolution_param { num_output: 6 kernel_size: 3 group: 2 }"),
    { sc: "d" },
  ],
  [
    "in front of a pointwise deconvolution",
    scale("sc", "data") + layer("Deconvolution", "d", "sc", "convolution_param { num_output: 6 kernel_size: 1 }"),
    { sc: "d" },
  ],
  [
    "what a reader of the bottom still needs as it was",
    norm("bn", "data") + conv("c1", "bn") + conv("c2", "data") + layer("Eltwise", "e", "c1", 'bottom: "c2"'),
    { bn: "c1" },
  ],
])("folds exactly: %s", async (_, text, moves) => {
  const folded = await folding(image + text, {
    shapes: new Map([
      ["ip", [2, 4, 5]],
      ["data", [2, 4, 6, 5]],
    ]),
  });
  expect(folded.moves).toEqual(moves);
  expect(folded.kept).toEqual([]);
  await holds(folded);
});

test.each([
  ["one spatial axis", [2, 4, 7], "kernel_size: 3"],
  ["three spatial axes", [1, 2, 4, 3, 5], "kernel_size: 2 pad: 1"],
  ["none", [3, 4], ""],
] as const)("folds a convolution with %s", async (_, shape, kernel) => {
  const param = `convolution_param { num_output: 3 ${kernel} }`;
  const folded = await folding(
    input(shape) + layer("Convolution", "c", "data", param) + norm("bn", "c") + scale("sc", "bn"),
  );
  expect(folded.moves).toEqual({ bn: "c", sc: "c" });
  await holds(folded);
});

test.each([
  [
    "batch statistics",
    conv("c", "data") + layer("BatchNorm", "bn", "c", "batch_norm_param { use_global_stats: false }"),
    { bn: /use_global_stats is false: it normalizes by the statistics of each batch/ },
  ],
  [
    "a Scale of two bottoms",
    conv("c", "data", "pad: 1") + layer("Scale", "sc", "c", 'bottom: "data" scale_param { axis: 0 }'),
    { sc: /second bottom, "data"/ },
  ],
  [
    "padding",
    norm("bn", "data") + conv("c", "bn", "pad: 1"),
    {
      bn: /"data" \(Input\) before it is no Convolution.*; "c" \(Convolution\) behind it pads with zeros \(pad 1\).*channel 0 is shifted by/,
    },
  ],
  [
    "pad_h alone",
    norm("bn", "data") +
      layer("Convolution", "c", "bn", "convolution_param { num_output: 4 kernel_h: 3 kernel_w: 1 pad_h: 1 pad_w: 0 }"),
    { bn: /pad 1×0/ },
  ],
  [
    "a deconvolution behind",
    norm("bn", "data") +
      layer("Deconvolution", "d", "bn", "convolution_param { num_output: 6 kernel_size: 2 stride: 2 }"),
    { bn: /spreads each input over several outputs/ },
  ],
  [
    "another reader of the convolution",
    conv("c", "data") + norm("bn", "c") + layer("Eltwise", "e", "c", 'bottom: "bn"'),
    {
      bn: /what it reads of "c" \(Convolution\) is also read by "e" \(Eltwise\); "e" \(Eltwise\) behind it cannot take it over/,
    },
  ],
  [
    "one reader of two",
    norm("bn", "data") + conv("c", "bn") + layer("ReLU", "r", "bn"),
    { bn: /"r" \(ReLU\) behind it cannot take it over/ },
  ],
  [
    "an output",
    norm("bn", "data") + scale("sc", "bn"),
    {
      bn: /"sc" \(Scale\) behind it stays/,
      sc: /"bn" \(BatchNorm\) before it stays; its top is an output of the net/,
    },
  ],
  [
    "a scale for each pixel",
    conv("c", "data") + layer("Scale", "sc", "c", "scale_param { num_axes: 2 }"),
    { sc: /values of their own along 2 axes/ },
  ],
  [
    "a scale along another axis",
    conv("c", "data") + layer("Scale", "sc", "c", "scale_param { axis: 3 }"),
    { sc: /"c" \(Convolution\) before it has its outputs along axis 1, not along axis 3; its top is an output/ },
  ],
  [
    "an inner product that mixes no channels",
    norm("bn", "data") + layer("InnerProduct", "ip", "bn", "inner_product_param { num_output: 5 axis: 2 }"),
    { bn: /inputs along axis 2, not along axis 1/ },
  ],
  [
    "a convolution of two bottoms",
    input([2, 4, 6, 5], "more") +
      'layer { name: "c" type: "Convolution" bottom: "data" bottom: "more" top: "x" top: "y" convolution_param { num_output: 4 kernel_size: 1 } }\n' +
      norm("bn", "y"),
    { bn: /"c" \(Convolution\) before it has 2 bottoms and 2 tops, which share its weights/ },
  ],
])("keeps with the reason: %s", async (_, text, reasons) => {
  const folded = await folding(image + text);
  expect(folded.folded).toEqual([]);
  expect(Object.keys(folded.reasons)).toEqual(Object.keys(reasons));
  for (const [name, reason] of Object.entries(reasons)) expect(folded.reasons[name]).toMatch(reason);
  expect(folded.net.layer.length).toBe(folded.before.layers);
  expect(worst(await folded.compare()).relative).toBe(0);
});

test("folds the part of a chain that can go, and keeps the rest", async () => {
  const text = image + norm("bn", "data") + layer("Scale", "sc", "bn") + conv("c", "sc", "pad: 1");
  const folded = await folding(text);
  expect(folded.moves).toEqual({ sc: "c" });
  expect(Object.keys(folded.reasons)).toEqual(["bn"]);
  await holds(folded);
});

test("shared weights are folded where all that share them come out the same, and only there", async () => {
  const named = 'param { name: "w" } param { name: "b" }';
  const same = (name: string, bn: string) =>
    layer(
      "BatchNorm",
      name,
      bn,
      'param { name: "m" lr_mult: 0 } param { name: "v" lr_mult: 0 } param { name: "s" lr_mult: 0 }',
    );
  const two = image + input([2, 4, 6, 5], "other") + conv("c1", "data", "", named) + conv("c2", "other", "", named);
  const both = await folding(two + same("b1", "c1") + same("b2", "c2"));
  expect(both.moves).toEqual({ b1: "c1", b2: "c2" });
  await holds(both);
  const differing = await folding(two + norm("b1", "c1") + norm("b2", "c2"));
  expect(differing.moves).toEqual({});
  expect(differing.reasons.b1).toMatch(
    /"c1" \(Convolution\) before it shares its parameter "w" with "c2" \(Convolution\)/,
  );
  await holds(differing);
  const permissive = await folding(
    two.replaceAll('name: "w"', 'name: "w" share_mode: PERMISSIVE') + same("b1", "c1") + same("b2", "c2"),
  );
  expect(permissive.moves).toEqual({});
  const one = await folding(two + norm("b1", "c1"));
  expect(one.moves).toEqual({});
  await holds(one);
});

test("a layer that would be folded into one that cannot change is kept for all its readers", async () => {
  const named = 'param { name: "w" }';
  const text =
    image + norm("bn", "data") + conv("c1", "bn", "", named) + conv("c2", "data", "", named) + conv("c3", "bn");
  const folded = await folding(text);
  expect(folded.moves).toEqual({});
  expect(folded.reasons.bn).toMatch(/shares its parameter "w"/);
  await holds(folded);
});

test("is the net of phase TEST, without rules, and with the comments of what stays", async () => {
  const text = `# the whole
${image}layer { name: "noise" type: "DummyData" top: "n" include { phase: TRAIN } dummy_data_param { shape { dim: 1 } } }
# this one stays
layer { name: "c" type: "Convolution" bottom: "data" top: "c" exclude { phase: TRAIN }
  convolution_param { num_output: 2 kernel_size: 1 } # pointwise
}
${norm("bn", "c")}`;
  const folded = await folding(text);
  expect(folded.net.layer.map(({ name }) => name)).toEqual(["data", "c"]);
  expect(folded.text).not.toMatch(/include|exclude/);
  expect(folded.text).toMatch(/# the whole[\s\S]*# this one stays\nlayer \{[\s\S]*# pointwise/);
});

test("what is given stays as it was", async () => {
  const text = image + conv("c", "data", "bias_term: false") + norm("bn", "c");
  const { weights: first } = await folding(text);
  const { weights: second, text: again } = await folding(text);
  const values = (net: typeof first) =>
    net.layer.flatMap(({ blobs }) => blobs.map((blob) => [...blobValues(blob).data]));
  expect(values(second)).toEqual(values(first));
  expect((await folding(again, { weights: first })).folded).toEqual([]);
});

test.each([
  ["a variance below −eps", 1, /channel 2 has mean 0 and variance -1 with eps/],
  ["a factor that is no number", Number.NaN, /channel 0 has mean NaN and variance NaN with eps/],
])("a BatchNorm with %s is kept, and the first bad channel named", async (_, factor, reason) => {
  const text = image + conv("c", "data") + norm("bn", "c");
  const bad = [Float32Array.of(0, 0, 0, 0), Float32Array.of(1, 1, -1, 1), Float32Array.of(factor)];
  const { weights: good } = await folding(image + conv("c", "data"));
  const bn = create(LayerParameterSchema, { name: "bn", blobs: bad.map((data) => makeBlob([data.length], { data })) });
  const weights = create(NetParameterSchema, { layer: [...good.layer, bn] });
  const { reasons } = await folding(text, { weights });
  expect(reasons.bn).toMatch(reason);
});

test("layers without weights are kept, and not said to have none", async () => {
  const { weights: all } = await folding(image + conv("c", "data"));
  const { reasons, weights, moves } = await folding(
    image + conv("c", "data") + norm("bn", "c") + conv("d", "bn") + norm("b2", "d"),
    {
      weights: all,
    },
  );
  expect(moves).toEqual({});
  expect(reasons).toEqual({ bn: "the weights have no blobs for it", b2: "the weights have no blobs for it" });
  expect(weights.layer.map(({ name }) => name)).toEqual(["data", "c"]);
});

test.each([
  ["a bottom nobody makes", norm("bn", "nothing"), /bottom 0 is "nothing", which no layer above produces/],
  ["a top made twice", conv("c", "data") + conv("d", "data", "", "", "c"), /top "c" is already produced by layer "c"$/],
  [
    "in place on what others read",
    conv("c", "data") + layer("ReLU", "r", "c") + norm("bn", "c", "c"),
    /top "c" is already produced by layer "c"; it works in place on what "r" reads too/,
  ],
] as const)("refuses %s", async (_, text, message) => {
  const attempt = folding(image + text, { weights: create(NetParameterSchema) });
  await expect(attempt).rejects.toThrow(message);
  await expect(attempt).rejects.toMatchObject({ code: "MOKA_BLOB" });
});
