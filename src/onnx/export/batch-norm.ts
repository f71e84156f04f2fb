import type { PlainName } from "../../core/kernels.js";
import type { Span } from "../../core/span.js";
import { BatchNormLayer } from "../../layers/normalization/batch-norm.js";
import { BatchNormIntelLayer } from "../../layers/normalization/batch-norm-intel.js";
import { BatchNormNvidiaLayer } from "../../layers/normalization/batch-norm-nvidia.js";
import { storedStatistics } from "../../layers/normalization/batch-norm-param.js";
import { BNPspLayer } from "../../layers/normalization/bn-psp.js";
import { BNSegnetLayer } from "../../layers/normalization/bn-segnet.js";
import { SyncBNLayer } from "../../layers/normalization/sync-bn.js";
import { float } from "../model.js";
import type { Value } from "./graph-writer.js";
import type { LayerWriter } from "./layer-writer.js";
import { mapping } from "./mapping.js";

const kernels = [
  ...(["batchNormGlobal", "normalize", "batchNorm", "batchNormAverage", "scale", "copy", "fill", "relu"] as const),
] satisfies readonly PlainName[];

/**
 * BatchNorm of BVLC, NVIDIA and Intel, BN of SegNet and PSPNet, SyncBN.
 *
 * By averages → one `BatchNormalization`: averages divided by their factor (0 where it is 0), eps as the layer adds it, scale and shift inside.
 * By the statistics of the batch (`use_global_stats: false`, SegNet's LEARN) → `ReduceMean` of x and of the squares of x − mean, then `Div`; the
 * averages, which no top depends on, do not move. SegNet's INFERENCE → `Mul` and `Add`. Intel's `relu` → `Relu`. Exact; x − mean is not
 * rounded by itself in a `BatchNormalization`.
 */
export const batchNorm = mapping(
  [BatchNormLayer, BatchNormNvidiaLayer, BatchNormIntelLayer, BNPspLayer, BNSegnetLayer, SyncBNLayer],
  (w) => {
    const [stored] = w.calls("normalize", kernels);
    const [own] = w.calls("batchNorm", kernels);
    const [scaling] = w.calls("scale", kernels);
    const scale = scaling && learned(w, scaling.scale);
    const shift = scaling && learned(w, scaling.bias);
    const y = stored ? byAverages(w, stored, scale, shift) : scaled(w, own ? byBatch(w, own.eps) : w.x, scale, shift);
    w.set(0, w.calls("relu", kernels).length > 0 ? w.node("Relu", [y]) : y);
  },
);

/** The values of the parameter that is this span. */
function learned(w: LayerWriter, span: Span | undefined): Float32Array | undefined {
  const index = w.layer.params.findIndex(({ data }) => data === span);
  return index < 0 ? undefined : w.paramValues(index);
}

interface Stored {
  readonly mean: Span | undefined;
  readonly variance: Span;
  readonly eps: number;
}

function byAverages(w: LayerWriter, stored: Stored, scale?: ArrayLike<number>, shift?: ArrayLike<number>): Value {
  const [sums] = w.calls("batchNormGlobal", kernels);
  const factor = (sums && learned(w, sums.factor)?.[0]) ?? 1;
  const [mean, variance] = (sums ? [sums.runningMean, sums.runningVariance] : [stored.mean, stored.variance]).map(
    (span) => storedStatistics(learned(w, span) ?? [], factor),
  );
  const channels = variance?.length ?? 0;
  const constant = (values: ArrayLike<number> | undefined, otherwise: number, name: string) =>
    w.floats(values ?? Array<number>(channels).fill(otherwise), [channels], name);
  const operands = [
    constant(scale, 1, "scale"),
    constant(shift, 0, "B"),
    constant(mean, 0, "mean"),
    constant(variance, 1, "var"),
  ];
  const hasChannels = w.input(0).dims.length > 1;
  const x = hasChannels ? w.x : w.unsqueeze(w.x, [1]);
  const y = w.node("BatchNormalization", [x, ...operands], { epsilon: float(stored.eps) });
  return hasChannels ? y : w.squeeze(y, [1]);
}

/** Normalizes by the statistics of the batch, which also become the further tops, if there are any. */
function byBatch(w: LayerWriter, eps: number): Value {
  const { dims } = w.input(0);
  const axes = [...dims.keys()].filter((axis) => axis !== 1);
  const mean = w.reduce("ReduceMean", w.x, axes);
  const centered = w.node("Sub", [w.x, mean]);
  const variance = w.reduce("ReduceMean", w.node("Mul", [centered, centered]), axes);
  const sizes = dims.map((size, axis) => (axis === 1 ? size : 1));
  if (w.top.length > 1) w.setReshaped(1, mean, sizes);
  if (w.top.length > 2) w.setReshaped(2, variance, sizes);
  return w.node("Div", [centered, w.node("Sqrt", [w.affine(variance, 1, eps)])]);
}

function scaled(w: LayerWriter, x: Value, scale?: ArrayLike<number>, shift?: ArrayLike<number>): Value {
  const byChannel = (values: ArrayLike<number>) =>
    w.floats(
      values,
      w
        .input(0)
        .dims.slice(1)
        .map((_, i) => (i === 0 ? values.length : 1)),
    );
  const y = scale ? w.node("Mul", [x, byChannel(scale)]) : x;
  return shift ? w.node("Add", [y, byChannel(shift)]) : y;
}
