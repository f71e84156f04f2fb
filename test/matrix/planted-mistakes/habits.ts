// How an author writes nets: names, what works in place, which fields are given although they say the default.
import type { Dice } from "../../dice.js";

/** The names of the layers behind a convolution or inner product. */
export interface Names {
  readonly norm: string;
  readonly scale: string;
  readonly activation: string;
}

type Naming = (base: string, count: number) => Names;

const numbered = (norm: string, scale: string, activation: string): Naming => {
  return (_, count) => ({ norm: norm + count, scale: scale + count, activation: activation + count });
};

/** `base` is the name of the layer before; `count` counts from 1. */
const namings: readonly Naming[] = [
  (base) => ({ norm: `bn_${base}`, scale: `scale_${base}`, activation: `relu_${base}` }),
  (base) => ({ norm: `${base}/bn`, scale: `${base}/scale`, activation: `${base}/relu` }),
  (base) => ({ norm: `${base}_bn`, scale: `${base}_scale`, activation: `${base}_relu` }),
  (base) => ({ norm: `${base}-BatchNorm`, scale: `${base}-Scale`, activation: `${base}-Act` }),
  (base) => {
    const short = base.replace(/^res|^conv/, "");
    return { norm: `bn${short}`, scale: `scale${short}`, activation: `${base}_relu` };
  },
  numbered("BatchNorm", "Scale", "ReLU"),
  numbered("batch_normalization_", "batch_scale_", "activation_"),
  (base, count) => ({ norm: `layer${count}-bn`, scale: `layer${count}-scale`, activation: `${base}_x` }),
];

export interface Habits {
  readonly naming: Naming;
  readonly normInPlace: boolean;
  readonly scaleInPlace: boolean;
  readonly activationInPlace: boolean;
  /** Whether there is a BatchNorm for TRAIN and one of the same name for TEST. */
  readonly isNormTwice: boolean;
  /** The param specs of a BatchNorm. */
  readonly normParams: readonly string[];
  readonly normFields: Readonly<Record<string, string>>;
  readonly scaleParams: readonly string[];
  readonly scaleFields: Readonly<Record<string, string>>;
  readonly weightFiller: string;
  readonly weightParams: readonly string[];
  readonly activation: string;
  readonly source: "Input" | "DummyData" | "MemoryData" | "Data" | "ImageData";
  readonly isTerse: boolean;
}

export function drawHabits(dice: Dice): Habits {
  const inPlace = dice.of(["all", "none", "mixed"] as const);
  const isInPlace = () => (inPlace === "mixed" ? dice.chance(0.5) : inPlace === "all");
  const none = "lr_mult: 0 decay_mult: 0";
  const fields: Record<string, string> = {};
  if (dice.chance(0.3)) fields["eps"] = dice.of(["1e-5", "0.001", "2e-5", "0.0001"]);
  if (dice.chance(0.3)) fields["moving_average_fraction"] = dice.of(["0.999", "0.9", "0.95", "0.99", "0.9997"]);
  return {
    naming: dice.of(namings),
    normInPlace: isInPlace(),
    scaleInPlace: isInPlace(),
    activationInPlace: isInPlace(),
    isNormTwice: dice.chance(0.25),
    normParams: dice.chance(0.5) ? [none, none, none] : [],
    normFields: fields,
    scaleParams: dice.of([
      ["decay_mult: 0", "decay_mult: 0"],
      ["lr_mult: 1 decay_mult: 0", "lr_mult: 1 decay_mult: 0"],
      ["lr_mult: 0.1 decay_mult: 0", "lr_mult: 0.2 decay_mult: 0"],
    ]),
    scaleFields: dice.of<Record<string, string>>([
      { bias_term: "true" },
      { axis: "1", bias_term: "true" },
      { filler: "{ value: 1 }", bias_term: "true", bias_filler: "{ value: 0 }" },
      { filler: '{ type: "constant" value: 1 }', bias_term: "true" },
    ]),
    weightFiller: dice.of(['{ type: "msra" }', '{ type: "xavier" }', '{ type: "gaussian" std: 0.05 }']),
    weightParams: dice.of([[], ["lr_mult: 1 decay_mult: 1"], ["lr_mult: 1"]]),
    activation: dice.of(["ReLU", "ReLU", "ReLU", "PReLU", "ELU"]),
    source: dice.of(["Input", "DummyData", "MemoryData", "Data", "ImageData"] as const),
    isTerse: dice.chance(0.5),
  };
}
