// Random nets for tests. Every blob has the shape 2 4 5 5, so layers can be joined in any order.
import fc from "fast-check";
import type { Net } from "../src/core/net.js";
import { Random } from "../src/util/random.js";

const filler = 'filler { type: "uniform" min: -1 max: 1 }';
const conv = (size: number, fields = "", more = "") =>
  `type: "Convolution" ${more} convolution_param { num_output: 4 kernel_size: ${size} pad: ${(size - 1) / 2} weight_filler { type: "xavier" } ${fields} }`;
const pool = (kind: string) => `type: "Pooling" pooling_param { pool: ${kind} kernel_size: 3 stride: 1 pad: 1 }`;
const eltwise = (operation: string) => `type: "Eltwise" eltwise_param { operation: ${operation} }`;
const scale = `type: "Scale" scale_param { filler { type: "uniform" min: 0.5 max: 2 } bias_term: true bias_${filler} }`;

/** The fields of a layer without its name and blobs. */
const bodies = {
  conv: conv(3),
  norm: 'type: "BatchNorm"',
  scale,
  relu: 'type: "ReLU"',
  tanh: 'type: "TanH"',
  pool: pool("MAX"),
  average: pool("AVE"),
  sum: eltwise("SUM"),
  product: eltwise("PROD"),
  max: eltwise("MAX"),
  concat: 'type: "Concat"',
  slice: 'type: "Slice"',
  drop: 'type: "Dropout"',
  lrn: 'type: "LRN"',
  grouped: conv(3, "group: 2 bias_term: false"),
  /** All of these have the same weights. */
  shared: conv(1, `bias_${filler}`, 'param { name: "w" } param { name: "b" }'),
  frozen: conv(1, "", "param { lr_mult: 0 } param { lr_mult: 0 }"),
  global: 'type: "BatchNorm" batch_norm_param { use_global_stats: true }',
  multiplier: `type: "Scale" scale_param { ${filler} }`,
  bias: `type: "Bias" bias_param { ${filler} }`,
  leaky: 'type: "ReLU" relu_param { negative_slope: 0.2 }',
  inner: 'type: "InnerProduct" inner_product_param { axis: 3 num_output: 5 weight_filler { type: "xavier" } }',
  /** A convolution and, in place, BatchNorm, Scale and ReLU. */
  block: conv(3, "bias_term: false"),
} as const;

export type LayerKind = keyof typeof bodies;

/** One layer of a random net, or a few layers that belong together. */
export interface Choice {
  readonly type: LayerKind;
  /** They select its bottoms from the last four blobs. */
  readonly a: number;
  readonly b: number;
  readonly inPlace: boolean;
}

const withTwoBottoms: ReadonlySet<LayerKind> = new Set(["sum", "product", "max", "concat"]);
const canWorkInPlace: ReadonlySet<LayerKind> = new Set([
  ...(["norm", "scale", "relu", "tanh", "drop", "global", "multiplier", "bias", "leaky"] as const),
]);

export const choices: fc.Arbitrary<readonly Choice[]> = fc.array(
  fc.record({
    type: fc.constantFrom(...(Object.keys(bodies) as LayerKind[])),
    a: fc.nat(100),
    b: fc.nat(100),
    inPlace: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

/** A net of inputs `x` and `label`, a convolution, the chosen layers, and a loss. */
export function netText(chosen: readonly Choice[]): string {
  const lines = [
    'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 4 dim: 5 dim: 5 } } }',
    'layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }',
    `layer { name: "first" bottom: "x" top: "b0" ${conv(3)} }`,
  ];
  const blobs = ["b0"];
  const isRead = new Set<string>();
  const layer = (name: string, body: string, bottoms: readonly string[], ...tops: readonly string[]) => {
    for (const bottom of bottoms) if (!tops.includes(bottom)) isRead.add(bottom);
    const ends = [...bottoms.map((bottom) => `bottom: "${bottom}"`), ...tops.map((top) => `top: "${top}"`)];
    lines.push(`layer { name: "${name}" ${ends.join(" ")} ${body} }`);
  };
  chosen.forEach(({ type, a, b, inPlace }, i) => {
    // Bottoms are among the last four blobs, so that nets get deep.
    const pick = (n: number) => blobs[Math.max(0, blobs.length - 1 - (n % 4))] as string;
    const [name, bottom, other] = [`l${i}`, pick(a), pick(b)];
    const body = bodies[type];
    if (type === "slice") {
      layer(name, body, [bottom], `${name}a`, `${name}b`);
      layer(`${name}c`, bodies.concat, [`${name}b`, `${name}a`], name);
    } else if (type === "concat") {
      layer(name, body, [bottom, other], `${name}a`);
      layer(`${name}c`, conv(1), [`${name}a`], name);
    } else if (type === "block") {
      layer(name, body, [bottom], name);
      for (const part of ["norm", "scale", "relu"] as const) layer(`${name}_${part}`, bodies[part], [name], name);
    } else if (withTwoBottoms.has(type)) {
      layer(name, body, [bottom, other], name);
    } else if (inPlace && canWorkInPlace.has(type) && !isRead.has(bottom)) {
      layer(name, body, [bottom], bottom);
      return;
    } else {
      layer(name, body, [bottom], name);
    }
    blobs.push(name);
  });
  layer(
    "ip",
    'type: "InnerProduct" inner_product_param { num_output: 3 weight_filler { type: "xavier" } }',
    [blobs.at(-1) ?? ""],
    "scores",
  );
  layer("loss", 'type: "SoftmaxWithLoss" propagate_down: true propagate_down: false', ["scores", "label"], "loss");
  return lines.join("\n");
}

const image = new Float32Array(200);
new Random(5).uniform(image, -1, 1);
export const inputs = { x: image, label: [0, 2] } as const;

/** Gives all BatchNorm layers statistics; those of a new net are 0, so that it would divide by √eps. */
export function setStatistics(net: Net): void {
  for (const { type, blobs } of net.layers) {
    if (type !== "BatchNorm") continue;
    blobs[0]?.data.set([0.6, -0.4, 0.2, 1]);
    blobs[1]?.data.set([4, 2, 1, 6]);
    blobs[2]?.data.set([2]);
  }
}
