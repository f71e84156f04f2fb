import * as activation from "./kernels/activation.js";
import * as classification from "./kernels/classification.js";
import * as convolution from "./kernels/convolution.js";
import * as elementwise from "./kernels/elementwise.js";
import type { Elementwise, Fused, Kernel, SpanUse } from "./kernels/kernel.js";
import * as matrix from "./kernels/matrix.js";
import * as normalization from "./kernels/normalization.js";
import * as normalizationFused from "./kernels/normalization-fused.js";
import * as normalizationRanks from "./kernels/normalization-ranks.js";
import * as pooling from "./kernels/pooling.js";
import * as recurrent from "./kernels/recurrent.js";
import * as regions from "./kernels/regions.js";
import * as resampling from "./kernels/resampling.js";
import * as rows from "./kernels/rows.js";
import * as scale from "./kernels/scale.js";
import * as solver from "./kernels/solver.js";

/**
 * The kernel vocabulary: everything an engine can do. A layer's forward and backward are lists of these.
 *
 * Arguments are plain: spans, sizes, coefficients. Arrays are row-major. Kernels that depend on the axes of a blob get
 * them collapsed into `outer × dim × inner` (or `n × channels × inner`). `x` is read, `y` is written; `dy` and `dx` are
 * gradients. A kernel may work in place (`x` is `y`, `dy` is `dx`) where its comment says so. Every export of the files
 * of kernels/ that are imported here is a kernel.
 */
const table = {
  ...elementwise,
  ...rows,
  ...matrix,
  ...convolution,
  ...pooling,
  ...regions,
  ...resampling,
  ...normalization,
  ...normalizationFused,
  ...normalizationRanks,
  ...scale,
  ...activation,
  ...recurrent,
  ...classification,
  ...solver,
};

export type Table = typeof table;

/** The name of any kernel. */
export type KernelName = keyof Table;

/** The arguments of a kernel. */
export type ArgumentsOf<R> = R extends { readonly spans: readonly SpanUse<infer A>[] } ? A : never;

/** The arguments of each kernel. */
export type Kernels = { readonly [K in KernelName]: ArgumentsOf<Table[K]> };

export type NamesOf<R> = { [K in KernelName]: Table[K] extends R ? K : never }[KernelName];

export type ElementwiseName = NamesOf<Elementwise<never>>;
/** The names of fused kernels. */
export type FusedName = NamesOf<Fused<never>>;
/** The plain kernels. Every engine has them. */
export type PlainName = Exclude<KernelName, FusedName>;

/** The row of each kernel. */
export const kernels: { readonly [K in KernelName]: Kernel<Kernels[K]> & Partial<Fused<Kernels[K]>> } = table;

export const kernelNames = Object.keys(kernels) as readonly KernelName[];
export const elementwiseKernels: { readonly [K in ElementwiseName]: Elementwise<Kernels[K]> } = table;
export const elementwiseNames = kernelNames.filter((name): name is ElementwiseName => "operands" in kernels[name]);
export const plainNames = kernelNames.filter((name): name is PlainName => !kernels[name].lowersTo);

export type {
  AxisOrder,
  Channels,
  Collapsed,
  ConvGeometry,
  InterpolateGeometry,
  Labels,
  NormPool,
  PoolGeometry,
  RegionGeometry,
  UnpoolSizes,
  UpsampleGeometry,
} from "./kernels/sizes.js";
export type { Descent } from "./kernels/solver.js";
