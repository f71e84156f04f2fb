import type { Layer } from "../../core/layer.js";

/** A setting: a number, a flag, numbers, a text, or settings by name. */
type Setting = number | boolean | string | readonly number[] | { readonly [name: string]: Setting };

/** The settings of py-faster-rcnn, with the ones that R-FCN adds, and their defaults. */
const defaults = {
  TRAIN: {
    SCALES: [600],
    MAX_SIZE: 1000,
    IMS_PER_BATCH: 2,
    BATCH_SIZE: 128,
    FG_FRACTION: 0.25,
    FG_THRESH: 0.5,
    BG_THRESH_HI: 0.5,
    BG_THRESH_LO: 0.1,
    USE_FLIPPED: true,
    BBOX_REG: true,
    BBOX_THRESH: 0.5,
    SNAPSHOT_ITERS: 10000,
    SNAPSHOT_INFIX: "",
    USE_PREFETCH: false,
    BBOX_NORMALIZE_TARGETS: true,
    BBOX_INSIDE_WEIGHTS: [1, 1, 1, 1],
    BBOX_NORMALIZE_TARGETS_PRECOMPUTED: false,
    BBOX_NORMALIZE_MEANS: [0, 0, 0, 0],
    BBOX_NORMALIZE_STDS: [0.1, 0.1, 0.2, 0.2],
    PROPOSAL_METHOD: "selective_search",
    ASPECT_GROUPING: true,
    HAS_RPN: false,
    RPN_POSITIVE_OVERLAP: 0.7,
    RPN_NEGATIVE_OVERLAP: 0.3,
    RPN_CLOBBER_POSITIVES: false,
    RPN_FG_FRACTION: 0.5,
    RPN_BATCHSIZE: 256,
    RPN_NMS_THRESH: 0.7,
    RPN_PRE_NMS_TOP_N: 12000,
    RPN_POST_NMS_TOP_N: 2000,
    RPN_MIN_SIZE: 16,
    RPN_BBOX_INSIDE_WEIGHTS: [1, 1, 1, 1],
    RPN_POSITIVE_WEIGHT: -1,
    RPN_NORMALIZE_TARGETS: false,
    RPN_NORMALIZE_MEANS: [0, 0, 0, 0],
    RPN_NORMALIZE_STDS: [0.1, 0.1, 0.2, 0.2],
    AGNOSTIC: false,
    FORMAT: "",
    /** Moka's own: the file with the images of RoIDataLayer. */
    ROIDB: "",
  },
  TEST: {
    SCALES: [600],
    MAX_SIZE: 1000,
    NMS: 0.3,
    SVM: false,
    BBOX_REG: true,
    HAS_RPN: false,
    PROPOSAL_METHOD: "selective_search",
    RPN_NMS_THRESH: 0.7,
    RPN_PRE_NMS_TOP_N: 6000,
    RPN_POST_NMS_TOP_N: 300,
    RPN_MIN_SIZE: 16,
    AGNOSTIC: false,
    FORMAT: "",
  },
  DEDUP_BOXES: 1 / 16,
  PIXEL_MEANS: [102.9801, 115.9465, 122.7717],
  RNG_SEED: 3,
  EPS: 1e-14,
  ROOT_DIR: "",
  DATA_DIR: "",
  MODELS_DIR: "",
  MATLAB: "matlab",
  EXP_DIR: "default",
  USE_GPU_NMS: true,
  GPU_ID: 0,
} satisfies Setting;

type Widened<T> = T extends number
  ? number
  : T extends boolean
    ? boolean
    : T extends string
      ? string
      : T extends readonly number[]
        ? readonly number[]
        : { readonly [K in keyof T]: Widened<T[K]> };

export type Cfg = Widened<typeof defaults>;

/**
 * The settings of a run: those given, over the defaults.
 *
 * @throws MokaError `MOKA_USAGE` for a setting that there is not, or of another kind
 */
export function cfgOf(layer: Layer, given: Readonly<Record<string, unknown>> | undefined): Cfg {
  const merge = (base: Setting, value: unknown, path: string): Setting => {
    const expects = (kind: string) =>
      layer.error("MOKA_USAGE", `${path} must be ${kind}, not ${JSON.stringify(value)}`);
    if (Array.isArray(base)) {
      // PIXEL_MEANS is an array of three axes in Python.
      const values: unknown = Array.isArray(value) ? value.flat(2) : value;
      const isRight = Array.isArray(values) && values.length > 0 && values.every((each) => Number.isFinite(each));
      if (!isRight) throw expects("a list of numbers");
      const isSized = path.endsWith("SCALES") || values.length === base.length;
      if (!isSized) throw expects(`a list of ${base.length} numbers`);
      return values;
    }
    if (typeof base !== "object") {
      const isRight = typeof value === typeof base && !Number.isNaN(value);
      if (!isRight)
        throw expects(typeof base === "number" ? "a number" : typeof base === "string" ? "a text" : "true or false");
      return value as Setting;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw expects("settings by name");
    const merged: Record<string, Setting> = { ...(base as Record<string, Setting>) };
    for (const [name, setting] of Object.entries(value)) {
      const old = Object.hasOwn(merged, name) ? merged[name] : undefined;
      if (old === undefined) {
        throw layer.error("MOKA_USAGE", `${path}.${name} is no setting of py-faster-rcnn's lib/fast_rcnn/config.py`);
      }
      if (setting !== undefined) merged[name] = merge(old, setting, `${path}.${name}`);
    }
    return merged;
  };
  return merge(defaults, given ?? {}, "cfg") as unknown as Cfg;
}
