// Nets with BatchNorm in which nothing is wrong, drawn from a seed.
import { Dice } from "../../dice.js";
import { drawHabits, type Habits } from "./habits.js";
import type { Block, DrawnNet, Family, LayerText } from "./net-text.js";

/** What the drawn net has to have; the rest is drawn. */
export interface Wish {
  readonly kind?: DrawnNet["kind"];
  readonly families?: readonly Family[];
  readonly solver?: boolean;
  readonly habits?: Partial<Habits>;
}

const families: readonly Family[] = [
  "convolutions",
  "inner",
  "residual",
  "inception",
  "siamese",
  "depthwise",
  "pre-activation",
];

const classes = 10;

/** A net of the wanted kind; the same for the same seed. */
export function drawNet(seed: number, wish: Wish = {}): DrawnNet {
  const dice = new Dice(Math.imul(seed, 0x9e3779b1));
  const kind = wish.kind ?? (wish.solver || dice.chance(0.75) ? "train_val" : "deploy");
  const family = dice.of(wish.families ?? families);
  const habits = { ...drawHabits(dice), ...wish.habits };
  const hasSolver = kind === "train_val" && (wish.solver ?? dice.chance(0.5));
  const builder = new Builder(dice, kind, family, habits);
  builder.build();
  const isTested = builder.layers.some(({ include }) => include.some((each) => each.includes("TEST")));
  return {
    ...{ kind, family, layers: builder.layers, blocks: builder.blocks, inputs: builder.inputs },
    isTerse: habits.isTerse,
    solver: hasSolver ? drawSolver(dice, builder.stages, isTested) : undefined,
    isInSolver: hasSolver && dice.chance(0.3),
    weights: undefined,
  };
}

function drawSolver(dice: Dice, stages: readonly string[], isTested: boolean): Record<string, string> {
  const tests = stages.length > 0 ? stages.map((stage) => `{ stage: "${stage}" }`) : [""];
  return {
    base_lr: dice.of(["0.1", "0.01", "0.001"]),
    lr_policy: dice.of(['"fixed"', '"step"\nstepsize: 10000\ngamma: 0.1', '"poly"\npower: 1']),
    momentum: "0.9",
    weight_decay: dice.of(["0.0005", "0.0001", "0.004"]),
    max_iter: dice.of(["20000", "64000", "450000"]),
    ...(isTested && {
      test_iter: tests.map(() => "100").join("\ntest_iter: "),
      test_interval: "1000",
      ...(stages.length > 0 && { test_state: tests.join("\ntest_state: ") }),
    }),
  };
}

/** How a convolution or inner product is to be. */
interface Linear {
  readonly base: string;
  readonly out: number;
  /** 0 for an inner product. */
  readonly kernel: number;
  readonly stride?: number;
  readonly group?: number;
  /** Whether an activation comes behind the Scale. Default true. */
  readonly isActive?: boolean;
  /** Added to names, for the second branch of a siamese net. */
  readonly suffix?: string;
}

class Builder {
  readonly layers: LayerText[] = [];
  readonly blocks: Block[] = [];
  readonly stages: readonly string[];
  readonly inputs: Record<string, number[]>;
  readonly #dice: Dice;
  readonly #kind: DrawnNet["kind"];
  readonly #family: Family;
  readonly #habits: Habits;
  readonly #size: number;
  readonly #batch: number;
  #count = 0;

  constructor(dice: Dice, kind: DrawnNet["kind"], family: Family, habits: Habits) {
    this.#dice = dice;
    this.#kind = kind;
    this.#family = family;
    // Of a database that is not there lint assumes three channels, and a siamese net reads pairs, of six.
    const source = habits.source === "Data" || habits.source === "ImageData" ? "MemoryData" : habits.source;
    this.#habits = family === "siamese" ? { ...habits, activation: "ReLU", source } : habits;
    this.#size = dice.of([8, 12]);
    this.#batch = kind === "deploy" ? dice.of([1, 10]) : dice.of([16, 20, 32]);
    this.stages = kind === "train_val" && dice.chance(0.15) ? ["val", "val-of-train"] : [];
    const channels = family === "siamese" && kind === "train_val" ? 6 : 3;
    this.inputs = { data: [this.#batch, channels, this.#size, this.#size] };
    if (kind === "train_val") this.inputs["label"] = [this.#batch];
  }

  build(): void {
    this.#feed();
    if (this.#family === "siamese") this.#siamese();
    else this.#classify(this.#body(this.#family, "data"));
  }

  add(name: string, type: string, bottom: readonly string[], top: readonly string[], more: Partial<LayerText> = {}) {
    const layer: LayerText = {
      name,
      type,
      bottom: [...bottom],
      top: [...top],
      params: [],
      include: [],
      fields: {},
      ...more,
    };
    this.layers.push(layer);
    return layer;
  }

  #feed(): void {
    const tops = Object.keys(this.inputs);
    const { source } = this.#habits;
    if (this.#kind === "deploy" || source === "Input") {
      for (const [name, shape] of Object.entries(this.inputs)) this.add(name, "Input", [], [name], inputFields(shape));
      return;
    }
    const tests =
      this.stages.length > 0 ? this.stages.map((stage) => `phase: TEST stage: "${stage}"`) : ["phase: TEST"];
    for (const rule of ["phase: TRAIN", ...tests]) {
      const batch = rule.includes("TRAIN") ? this.#batch : this.#dice.of([10, 50]);
      this.add("data", source, [], tops, { include: [rule], fields: this.#sourceFields(batch) });
    }
  }

  #sourceFields(batch: number): LayerText["fields"] {
    const [, channels, size] = this.inputs["data"] ?? [];
    const transform = { scale: "0.0078125", crop_size: `${size}` };
    switch (this.#habits.source) {
      case "DummyData": {
        const shape = `{ dim: ${batch} dim: ${channels} dim: ${size} dim: ${size} } shape { dim: ${batch} }`;
        return { dummy_data_param: { shape, data_filler: '{ type: "uniform" } data_filler { type: "constant" }' } };
      }
      case "MemoryData":
        return {
          memory_data_param: { batch_size: `${batch}`, channels: `${channels}`, height: `${size}`, width: `${size}` },
        };
      case "ImageData":
        return { transform_param: transform, image_data_param: { source: '"list.txt"', batch_size: `${batch}` } };
      default:
        return {
          transform_param: transform,
          data_param: { source: '"train_lmdb"', batch_size: `${batch}`, backend: "LMDB" },
        };
    }
  }

  #body(family: Family, data: string, suffix = ""): string {
    if (family === "residual") return this.#residual(data);
    if (family === "inception") return this.#inception(data);
    if (family === "depthwise") return this.#depthwise(data);
    if (family === "pre-activation") return this.#preActivation(data);
    return this.#chain(data, suffix);
  }

  /** Convolutions one behind the other, or inner products. */
  #chain(data: string, suffix: string): string {
    const isInner = this.#family === "inner";
    const depth = this.#family === "siamese" ? 2 : 2 + this.#dice.below(3);
    let top = data;
    for (let i = 1; i <= depth; i++) {
      const kernel = isInner ? 0 : 3;
      top = this.block(top, { base: `${isInner ? "ip" : "conv"}${i}`, out: 4 + 4 * (i % 2), kernel, suffix });
      if (!isInner && i < 3 && this.#family !== "siamese" && this.#dice.chance(0.5)) top = this.pool(`pool${i}`, top);
    }
    return top;
  }

  #depthwise(data: string): string {
    let top = this.block(data, { base: "conv0", out: 4, kernel: 3, stride: 2 });
    for (let i = 1; i <= 2; i++) {
      top = this.block(top, { base: `conv${i}/dw`, out: 4, kernel: 3, group: 4 });
      top = this.block(top, { base: `conv${i}/sep`, out: 4, kernel: 1 });
    }
    return top;
  }

  #residual(data: string): string {
    let top = this.block(data, { base: "conv1", out: 4, kernel: 3 });
    for (const name of ["res2a", "res2b"].slice(0, 1 + this.#dice.below(2))) {
      const hasBranch = name === "res2a" || this.#dice.chance(0.3);
      const shortcut = hasBranch
        ? this.block(top, { base: `${name}_branch1`, out: 4, kernel: 1, isActive: false })
        : top;
      const inner = this.block(top, { base: `${name}_branch2a`, out: 4, kernel: 3 });
      const last = this.block(inner, { base: `${name}_branch2b`, out: 4, kernel: 3, isActive: false });
      this.add(name, "Eltwise", [shortcut, last], [name]);
      this.add(`${name}_relu`, "ReLU", [name], [name]);
      top = name;
    }
    return top;
  }

  #preActivation(data: string): string {
    this.#convolution("conv0", data, { base: "conv0", out: 4, kernel: 3 }, true);
    let top = "conv0";
    for (let i = 1; i <= 2; i++) {
      const first = this.#normalize(top, { base: `unit${i}_a`, out: 4, kernel: 0 }, undefined, false);
      const inner = this.block(first, { base: `unit${i}_conv1`, out: 4, kernel: 3 });
      this.#convolution(`unit${i}_conv2`, inner, { base: "", out: 4, kernel: 3 }, true);
      this.add(`unit${i}_sum`, "Eltwise", [top, `unit${i}_conv2`], [`unit${i}_sum`]);
      top = `unit${i}_sum`;
    }
    return this.#normalize(top, { base: "last", out: 4, kernel: 0 }, undefined, true);
  }

  #inception(data: string): string {
    const top = this.pool("pool1", this.block(data, { base: "conv1", out: 4, kernel: 3 }));
    const name = "inception_3a";
    const one = this.block(top, { base: `${name}/1x1`, out: 4, kernel: 1 });
    const reduced = this.block(top, { base: `${name}/3x3_reduce`, out: 4, kernel: 1 });
    const three = this.block(reduced, { base: `${name}/3x3`, out: 8, kernel: 3 });
    const pooled = this.pool(`${name}/pool`, top, 3, 1);
    const projected = this.block(pooled, { base: `${name}/pool_proj`, out: 4, kernel: 1 });
    this.add(`${name}/output`, "Concat", [one, three, projected], [`${name}/output`]);
    return this.block(`${name}/output`, { base: "conv4", out: 8, kernel: 3 });
  }

  /** Two branches with the same parameters; a deploy net has one. */
  #siamese(): void {
    if (this.#kind === "deploy") {
      this.#feature(this.#chain("data", ""), "");
      return;
    }
    this.add("slice", "Slice", ["data"], ["left", "right"], {
      fields: { slice_param: { slice_dim: "1", slice_point: "3" } },
    });
    const features = [this.#feature(this.#chain("left", ""), ""), this.#feature(this.#chain("right", "_p"), "_p")];
    this.add("loss", "ContrastiveLoss", [...features, "label"], ["loss"], {
      fields: { contrastive_loss_param: { margin: "1" } },
    });
  }

  #feature(bottom: string, suffix: string): string {
    const params = this.#kind === "deploy" ? [] : ['name: "feat_w"', 'name: "feat_b"'];
    this.#inner(`feat${suffix}`, bottom, 2, params);
    return `feat${suffix}`;
  }

  #classify(bottom: string): void {
    let top = bottom;
    if (this.#dice.chance(0.5) && this.#family !== "inner") {
      this.add("global_pool", "Pooling", [top], ["global_pool"], {
        fields: { pooling_param: { pool: "AVE", global_pooling: "true" } },
      });
      top = "global_pool";
    }
    if (this.#dice.chance(0.3)) {
      // The gradient of an ELU reads its top again, so that nothing may work in place on it.
      const dropped = this.#habits.activation === "ELU" ? "drop" : top;
      this.add("drop", "Dropout", [top], [dropped], { fields: { dropout_param: { dropout_ratio: "0.5" } } });
      top = dropped;
    }
    this.#inner("fc", top, classes, []);
    if (this.#kind === "deploy") {
      this.add("prob", "Softmax", ["fc"], ["prob"]);
      return;
    }
    this.add("accuracy", "Accuracy", ["fc", "label"], ["accuracy"], { include: ["phase: TEST"] });
    this.add("loss", "SoftmaxWithLoss", ["fc", "label"], ["loss"]);
  }

  #inner(name: string, bottom: string, outputs: number, params: string[]): void {
    const fields = { inner_product_param: { num_output: `${outputs}`, weight_filler: '{ type: "xavier" }' } };
    this.add(name, "InnerProduct", [bottom], [name], { params, fields });
  }

  pool(name: string, bottom: string, size = 2, stride = 2): string {
    const pad: Record<string, string> = size === 3 ? { pad: "1" } : {};
    const fields = { pooling_param: { pool: "MAX", kernel_size: `${size}`, stride: `${stride}`, ...pad } };
    this.add(name, "Pooling", [bottom], [name], { fields });
    return name;
  }

  /** A convolution or inner product with BatchNorm, Scale and an activation; returns the last top. */
  block(bottom: string, linear: Linear): string {
    const name = linear.base + (linear.suffix ?? "");
    const before = this.#convolution(name, bottom, linear, false);
    return this.#normalize(name, linear, before, true);
  }

  #convolution(name: string, bottom: string, linear: Linear, hasBias: boolean): LayerText {
    const { out, kernel, stride = 1, group } = linear;
    const { weightFiller, weightParams } = this.#habits;
    const values: Record<string, string> = { num_output: `${out}` };
    if (kernel > 0) values["kernel_size"] = `${kernel}`;
    if (kernel > 1) values["pad"] = `${(kernel - 1) / 2}`;
    if (stride > 1) values["stride"] = `${stride}`;
    if (group) values["group"] = `${group}`;
    if (!hasBias) values["bias_term"] = "false";
    values["weight_filler"] = weightFiller;
    const params = hasBias ? [] : this.#params(linear, "w", weightParams.length > 0 ? weightParams : [""]);
    const fields = { [kernel > 0 ? "convolution_param" : "inner_product_param"]: values };
    return this.add(name, kernel > 0 ? "Convolution" : "InnerProduct", [bottom], [name], { params, fields });
  }

  /** Specs with names where branches share parameters; else as the author writes them. */
  #params({ base }: Linear, part: string, specs: readonly string[]): string[] {
    const isShared = this.#family === "siamese" && this.#kind === "train_val";
    if (!isShared) return specs.filter((spec) => spec !== "");
    return specs.map((spec, index) => `name: "${base}_${part}${index}" ${spec}`.trim());
  }

  #normalize(bottom: string, linear: Linear, before: LayerText | undefined, mayBeInPlace: boolean): string {
    const { base, suffix = "", isActive = true, out: channels } = linear;
    const habits = this.#habits;
    this.#count++;
    const own = habits.naming(base, this.#count);
    const names = { norm: own.norm + suffix, scale: own.scale + suffix, activation: own.activation + suffix };
    const isShared = this.#family === "siamese" && this.#kind === "train_val";
    const none = "lr_mult: 0 decay_mult: 0";
    const specs = isShared ? [none, none, none] : habits.normParams;
    const top = habits.normInPlace && mayBeInPlace ? bottom : names.norm;
    const norm = (include: string[], stats: Record<string, string>) =>
      this.add(names.norm, "BatchNorm", [bottom], [top], {
        params: this.#params(linear, "n", specs),
        include,
        fields: { batch_norm_param: { ...stats, ...habits.normFields } },
      });
    const norms =
      habits.isNormTwice && this.#kind === "train_val"
        ? [norm(["phase: TRAIN"], { use_global_stats: "false" }), norm(["phase: TEST"], { use_global_stats: "true" })]
        : [norm([], {})];
    const scaled = habits.scaleInPlace ? top : names.scale;
    const scale = this.add(names.scale, "Scale", [top], [scaled], {
      params: this.#params(linear, "s", habits.scaleParams),
      fields: { scale_param: { ...habits.scaleFields } },
    });
    const isPReLU = habits.activation === "PReLU";
    const end = !isActive || habits.activationInPlace ? scaled : names.activation;
    const activation = isActive
      ? this.add(names.activation, habits.activation, [scaled], [end], isPReLU ? { params: ["decay_mult: 0"] } : {})
      : undefined;
    this.blocks.push({ before, norms, scale, activation, channels });
    return end;
  }
}

export function inputFields(shape: readonly number[]): Partial<LayerText> {
  return { fields: { input_param: { shape: `{ ${shape.map((dim) => `dim: ${dim}`).join(" ")} }` } } };
}
