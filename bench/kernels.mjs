// The speed of the wasm engine's kernels, against limits of the machine: `npx tsc -b && node bench/kernels.mjs
// [name…]`. It runs the engine in dist/, compiled by tsc, because Node 20 reads no TypeScript. A name selects the lines
// that contain it.
//
// The limit of arithmetic is a loop of multiplications and additions in registers (GFLOP/s); the limit of memory
// traffic is a copy of the same number of bytes (GB/s, bytes read plus bytes written). A kernel and its limit take
// turns, round after round, and medians are printed, because other programs disturb a shared machine. A ratio of 1.00
// is as fast as the limit.
import asc from "assemblyscript/asc";
import { kernelStep } from "../dist/core/program.js";
import { Span } from "../dist/core/span.js";
import { WasmEngine } from "../dist/engines/wasm/index.js";
import { median } from "./median.mjs";

/** In bytes. More data does not fit in the caches. */
const largeBytes = 8e6;
/** The spans of the running bench. */
const spans = [];
const rounds = 15;
const milliseconds = 15;
const engine = await WasmEngine.create();
const { peak } = await compilePeak();

const product = (sizes) => sizes.reduce((a, b) => a * b, 1);

const benches = [
  gemm(1024, 1024, 1024),
  gemm(64, 1024, 576),
  gemm(128, 128, 128),
  gemm(32, 32, 32),
  gemm(64, 500, 800, { transB: true }),
  gemm(500, 800, 64, { transA: true }),
  gemm(1, 4096, 9216, { transB: true }),
  gemm(10, 64, 500, { transB: true }),
  ...conv("3×3, 64 → 64, 56²", { n: 16, channels: 64, outputs: 64, size: 56, kernel: 3, pad: 1 }),
  ...conv("3×3, 256 → 256, 14²", { n: 16, channels: 256, outputs: 256, size: 14, kernel: 3, pad: 1 }),
  ...conv("3×3, 128 → 128, 7²", { n: 32, channels: 128, outputs: 128, size: 7, kernel: 3, pad: 1 }),
  ...conv("1×1, 64 → 256, 56²", { n: 4, channels: 64, outputs: 256, size: 56, kernel: 1 }),
  ...conv("1×1, 256 → 64, 56²", { n: 4, channels: 256, outputs: 64, size: 56, kernel: 1 }),
  ...conv("1×1, 512 → 2048, 7²", { n: 1, channels: 512, outputs: 2048, size: 7, kernel: 1 }),
  ...conv("3×3 stride 2, 64 → 128, 56²", { n: 4, channels: 64, outputs: 128, size: 56, kernel: 3, pad: 1, stride: 2 }),
  ...conv("7×7 stride 2, 3 → 64, 224²", { n: 2, channels: 3, outputs: 64, size: 224, kernel: 7, stride: 2, pad: 3 }),
  ...conv("5×5, 1 → 20, 28² (LeNet)", { n: 64, channels: 1, outputs: 20, size: 28, kernel: 5 }),
  ...conv("5×5, 20 → 50, 12² (LeNet)", { n: 64, channels: 20, outputs: 50, size: 12, kernel: 5 }),
  ...conv("depthwise 3×3, 64, 56²", { n: 8, channels: 64, outputs: 64, group: 64, size: 56, kernel: 3, pad: 1 }),
  ...conv("depthwise 3×3 stride 2, 64, 56²", {
    n: 8,
    channels: 64,
    outputs: 64,
    group: 64,
    size: 56,
    kernel: 3,
    pad: 1,
    stride: 2,
  }),
  ...normalization(32, 64, 56 * 56),
  ...normalization(256, 512, 1),
  ...elementwise(32 * 64 * 56 * 56),
  ...elementwise(64 * 1000),
  ...pooling("2×2", { planes: 64 * 20, size: 24, kernel: 2, stride: 2 }),
  ...pooling("3×3", { planes: 32 * 64, size: 112, kernel: 3, stride: 2 }),
  ...pooling("3×3 stride 1", { planes: 16 * 192, size: 28, kernel: 3, stride: 1, pad: 1 }),
  ...pooling("global", { planes: 32 * 512, size: 7, kernel: 7, stride: 1 }),
  ...others(),
];

const chosen = process.argv.slice(2);
console.log(`${engine.description}, Node ${process.versions.node}; medians of ${rounds} rounds`);
console.log(`${"".padEnd(52)}${"ms".padStart(10)}${"".padStart(16)}${"of limit".padStart(10)}`);
for (const { name, kernel, make, flop, bytes } of benches) {
  if (chosen.length > 0 && !chosen.some((part) => name.includes(part))) continue;
  const bench = timed(inTurn(kernel, make, bytes > largeBytes ? 3 : 1));
  const limit = timed(flop ? () => peak(Math.round(flop / 56), 1) : copying(bytes));
  for (let round = 0; round < rounds; round++) [bench, limit].forEach(measure);
  for (const made of spans.splice(0)) made.release();
  const ms = median(bench.times);
  const rate = flop ? `${(flop / ms / 1e6).toFixed(1)} GFLOP/s` : `${(bytes / ms / 1e6).toFixed(1)} GB/s`;
  const ratio = (median(limit.times) / ms).toFixed(2);
  console.log(`${name.padEnd(52)}${ms.toFixed(4).padStart(10)}${rate.padStart(16)}${ratio.padStart(10)}`);
}

// ---- timing

function timed(run) {
  const start = performance.now();
  let times = 0;
  // The first calls are slow: V8 compiles functions again that run often.
  while (times < 3 || performance.now() - start < 2 * milliseconds) {
    run();
    times += 1;
  }
  const each = (performance.now() - start) / times;
  return { run, repeat: Math.max(1, Math.round(milliseconds / each)), times: [] };
}

function measure({ run, repeat, times }) {
  const start = performance.now();
  for (let i = 0; i < repeat; i++) run();
  times.push((performance.now() - start) / repeat);
}

// ---- limits

/** Runs the kernel on several sets of spans in turn, so that large spans do not stay in the caches. */
function inTurn(kernel, make, sets) {
  const compiled = engine.compile(Array.from({ length: sets }, () => kernelStep(kernel, make(), 0)));
  let turn = 0;
  return () => {
    compiled.run(turn, turn + 1);
    turn = (turn + 1) % sets;
  };
}

function copying(bytes) {
  const count = Math.ceil(bytes / 8);
  return inTurn("copy", () => ({ x: span(count), y: span(count) }), bytes > largeBytes ? 3 : 1);
}

/** A loop of 7 multiplications and 7 additions of vectors of 4 numbers, all independent: 56 operations a step. */
async function compilePeak() {
  const names = Array.from({ length: 7 }, (_, i) => [`a${i}`, `b${i}`]).flat();
  const operation = (name) => (name.startsWith("a") ? "add" : "mul");
  const source = `export function peak(steps: i32, factor: f32): f32 {
    const f = f32x4.splat(factor);
    ${names.map((name) => `let ${name} = f;`).join(" ")}
    for (; steps > 0; --steps) {
      ${names.map((name) => `${name} = f32x4.${operation(name)}(${name}, f);`).join(" ")}
    }
    return f32x4.extract_lane(${names.reduce((sum, name) => `f32x4.add(${sum}, ${name})`)}, 0);
  }`;
  const options = { optimizeLevel: 3, runtime: "stub", noAssert: true, enable: ["simd"] };
  const { binary, stderr } = await asc.compileString(source, options);
  if (!binary) throw new Error(stderr.toString());
  const { instance } = await WebAssembly.instantiate(binary, {});
  return instance.exports;
}

// ---- what is measured

function span(count) {
  const made = new Span("bench", count, engine);
  spans.push(made);
  const { array } = made;
  for (let i = 0; i < count; i++) array[i] = ((i * 2654435761) % 1000) / 500 - 1;
  return made;
}

function gemm(m, n, k, { transA = false, transB = false } = {}) {
  const rest = { m, n, k, transA, transB, alpha: 1, beta: 0 };
  // The product of a vector and a matrix is limited by reading the matrix.
  const work = m === 1 ? { bytes: 4 * k * n } : { flop: 2 * m * n * k };
  return {
    name: `gemm ${m}×${n}×${k}${transA ? " Aᵀ" : ""}${transB ? " Bᵀ" : ""}`,
    kernel: "gemm",
    ...work,
    make: () => ({ a: span(m * k), b: span(k * n), c: span(m * n), ...rest }),
  };
}

function conv(name, { n, channels, outputs, group = 1, size, kernel, stride = 1, pad = 0 }) {
  const side = Math.floor((size + 2 * pad - kernel) / stride) + 1;
  const pair = (value) => [value, value];
  const geometry = {
    n,
    channels,
    outputs,
    group,
    input: pair(size),
    output: pair(side),
    kernel: pair(kernel),
    stride: pair(stride),
    pad: pair(pad),
    dilation: pair(1),
  };
  const x = n * channels * size * size;
  const w = (outputs * channels * kernel * kernel) / group;
  const y = n * outputs * side * side;
  const flop = (2 * y * w) / outputs;
  const bench = (kernel, make) => ({ name: `${kernel} ${name}`, kernel, flop, make });
  return [
    bench("conv", () => ({ x: span(x), w: span(w), bias: span(outputs), y: span(y), ...geometry })),
    bench("convBackwardData", () => ({ dy: span(y), w: span(w), dx: span(x), ...geometry })),
    bench("convBackwardWeights", () => ({ x: span(x), dy: span(y), dw: span(w), ...geometry })),
  ];
}

function normalization(n, channels, inner) {
  const count = n * channels * inner;
  const size = { n, channels, inner };
  const title = `${n}×${channels}×${inner}`;
  const variance = () => {
    const made = span(channels);
    made.array.fill(1.5);
    return made;
  };
  return [
    {
      name: `batchNorm ${title}`,
      kernel: "batchNorm",
      bytes: 8 * count,
      make: () => ({
        x: span(count),
        y: span(count),
        mean: span(channels),
        variance: span(channels),
        eps: 1e-5,
        ...size,
      }),
    },
    {
      name: `batchNormBackward ${title}`,
      kernel: "batchNormBackward",
      bytes: 12 * count,
      make: () => ({ y: span(count), dy: span(count), variance: variance(), dx: span(count), eps: 1e-5, ...size }),
    },
    {
      name: `scale ${title}`,
      kernel: "scale",
      bytes: 8 * count,
      make: () => ({
        x: span(count),
        scale: span(channels),
        bias: span(channels),
        y: span(count),
        outer: n,
        dim: channels,
        inner,
      }),
    },
    {
      name: `scaleBackward ${title}`,
      kernel: "scaleBackward",
      bytes: 8 * count,
      make: () => ({
        x: span(count),
        dy: span(count),
        dscale: span(channels),
        accumulate: true,
        outer: n,
        dim: channels,
        inner,
      }),
    },
    {
      name: `biasBackward ${title}`,
      kernel: "biasBackward",
      bytes: 4 * count,
      make: () => ({ dy: span(count), dbias: span(channels), accumulate: true, outer: n, dim: channels, inner }),
    },
  ];
}

function elementwise(count) {
  const bench = (kernel, arrays, make) => ({
    name: `${kernel}, ${count} values`,
    kernel,
    bytes: 4 * arrays * count,
    make,
  });
  const one = () => {
    const made = span(1);
    made.array[0] = 0.01;
    return made;
  };
  return [
    bench("copy", 2, () => ({ x: span(count), y: span(count) })),
    bench("relu", 2, () => ({ x: span(count), y: span(count), negativeSlope: 0 })),
    bench("reluBackward", 3, () => ({ x: span(count), dy: span(count), dx: span(count), negativeSlope: 0 })),
    bench("axpby", 3, () => ({ x: span(count), y: span(count), a: 1, b: 0.5 })),
    bench("sum", 3, () => ({ xs: [span(count), span(count)], coefficients: [1, 1], y: span(count) })),
    bench("mul", 3, () => ({ a: span(count), b: span(count), y: span(count) })),
    bench("dot", 2, () => ({ a: span(count), b: span(count), y: span(1), alpha: 1 })),
    bench("sigmoid", 2, () => ({ x: span(count), y: span(count) })),
    bench("tanh", 2, () => ({ x: span(count), y: span(count) })),
    bench("power", 2, () => ({ x: span(count), y: span(count), power: -0.75, scale: 0.1, shift: 1 })),
    bench("sgd", 5, () => ({
      w: span(count),
      dw: span(count),
      history: span(count),
      rate: one(),
      clip: one(),
      rateScale: 1,
      gradientScale: 1,
      momentum: 0.9,
      decay: 0.0005,
      decayNorm: "L2",
    })),
  ];
}

function pooling(name, { planes, size, kernel, stride, pad = 0 }) {
  const side = Math.ceil((size + 2 * pad - kernel) / stride) + 1;
  const pair = (value) => [value, value];
  const geometry = {
    planes,
    input: pair(size),
    output: pair(side),
    kernel: pair(kernel),
    stride: pair(stride),
    pad: pair(pad),
  };
  const x = planes * size * size;
  const y = planes * side * side;
  // The index of one of the first `kernel` values of each window.
  const mask = () => {
    const made = span(y);
    for (let i = 0; i < y; i++) {
      const at = (index) => Math.max(0, index * stride - pad);
      const column = Math.min(size - 1, at(i % side) + (((i * 2654435761) >>> 8) % kernel));
      made.array[i] = at(Math.floor(i / side) % side) * size + column;
    }
    return made;
  };
  const bench = (title, count, make) => ({
    name: `${title} ${name}, ${planes}×${size}²`,
    kernel: title,
    bytes: 4 * count,
    make,
  });
  return [
    bench("maxPool", x + 2 * y, () => ({ x: span(x), y: span(y), mask: span(y), ...geometry })),
    bench("maxPoolBackward", x + 2 * y, () => ({ dy: span(y), mask: mask(), dx: span(x), ...geometry })),
    bench("avePool", x + y, () => ({ x: span(x), y: span(y), ...geometry })),
    bench("avePoolBackward", x + y, () => ({ dy: span(y), dx: span(x), ...geometry })),
  ];
}

function others() {
  const shape = { n: 16, channels: 96, inner: 55 * 55 };
  const count = product(Object.values(shape));
  const given = { size: 5, alpha: 1e-4, beta: 0.75, ...shape };
  const positive = () => {
    const made = span(count);
    made.array.fill(1.5);
    return made;
  };
  const scores = { outer: 256, dim: 1000, inner: 1 };
  const pixels = { outer: 2, dim: 21, inner: 250_000 };
  const softmax = (size) => ({
    name: `softmax ${Object.values(size).join("×")}`,
    kernel: "softmax",
    bytes: 8 * product(Object.values(size)),
    make: () => ({ x: span(product(Object.values(size))), y: span(product(Object.values(size))), ...size }),
  });
  return [
    {
      name: "lrn 16×96×55²",
      kernel: "lrn",
      bytes: 12 * count,
      make: () => ({ x: span(count), scale: span(count), y: span(count), k: 1, ...given }),
    },
    {
      name: "lrnBackward 16×96×55²",
      kernel: "lrnBackward",
      bytes: 20 * count,
      make: () => ({ x: span(count), y: span(count), scale: positive(), dy: span(count), dx: span(count), ...given }),
    },
    softmax(scores),
    softmax(pixels),
  ];
}
