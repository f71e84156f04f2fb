import type { Shape } from "../util/shape.js";
import { type Add, flag, operand, option, type Parameter, type Parse, repeated } from "./command.js";

/** Adds to a parser the words that say what it expects. */
export function parser<F extends object>(expects: string, parse: F): F & { readonly expects: string } {
  return Object.assign(parse, { expects });
}

/** Accepts any text. */
export const text: Parse<string> = parser("a text", (text: string) => text);

/** Accepts one of a few words. */
export function oneOf<const T extends string>(...choices: readonly T[]): Parse<T> {
  const expects = `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
  return Object.assign((text: string) => choices.find((each) => each === text), { expects, choices });
}

export const number: Parse<number> = parser("a number", (text: string) => {
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
});

export const positive: Parse<number> = parser("a number greater than 0", (text: string) => {
  return Number(text) > 0 ? Number(text) : undefined;
});

/** Accepts an integer of at least `least`. */
export function integer(least: number): Parse<number> {
  return parser(`a whole number, ${least} or more`, (text: string) => {
    const value = number(text);
    return Number.isInteger(value) && value !== undefined && value >= least ? value : undefined;
  });
}

export const numbers: Parse<readonly number[]> = parser("numbers separated by commas", (text: string) => {
  const values = text.split(",").map(number);
  return values.every((value) => value !== undefined) ? values : undefined;
});

/** Accepts a height and a width in pixels. */
export const heightAndWidth: Parse<readonly [height: number, width: number]> = parser(
  "height,width",
  (text: string) => {
    const [height, width, ...more] = text.split(",").map(integer(1));
    return height !== undefined && width !== undefined && more.length === 0 ? ([height, width] as const) : undefined;
  },
);

/** Accepts values separated by commas. An empty text has no value, as in Caffe's `-stage ""`. */
export const list: Parse<readonly string[]> = parser("values separated by commas", (text: string) => {
  return text === "" ? [] : text.split(",");
});

/** Accepts one more `name=value`. */
export function addNamed(expects: string): Add<Readonly<Record<string, string>>> {
  return parser(expects, (text: string, before: Readonly<Record<string, string>>) => {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    return name !== undefined && value !== undefined ? { ...before, [name]: value } : undefined;
  });
}

/** Accepts one more `data=1,3,224,224` or `data=1x3x224x224`. */
export const addShape: Add<Readonly<Record<string, Shape>>> = parser(
  "a blob's name and its sizes, as data=1,3,224,224",
  (text: string, before: Readonly<Record<string, Shape>>) => {
    const [, name, sizes] = /^([^=]+)=(\d+(?:[,x]\d+)*)$/.exec(text) ?? [];
    return name !== undefined && sizes !== undefined
      ? { ...before, [name]: sizes.split(/[,x]/).map(Number) }
      : undefined;
  },
);

export const phases: Parse<"TRAIN" | "TEST"> = oneOf("TRAIN", "TEST");

/* The parameters that several commands have. */
export const model: Parameter<string> = operand("<model>", "the net's prototxt");
export const weights: Parameter<string> = operand("<weights>", "its caffemodel, or several separated by commas");
export const someWeights: Parameter<string | undefined> = option(
  "--weights <files>",
  "its caffemodel, or several separated by commas",
);
export const phase = (initial: "TRAIN" | "TEST"): Parameter<"TRAIN" | "TEST"> =>
  option("--phase <phase>", "the phase of the net: its layers and their behavior", phases, initial);
export const backend: Parameter<"lmdb" | "leveldb"> = option(
  "--backend <kind>",
  "the kind of database",
  oneOf("lmdb", "leveldb"),
  "lmdb",
);
export const seed: Parameter<number | undefined> = option("--seed <n>", "random seed", integer(0));
export const json: Parameter<boolean> = flag("--json", "print JSON");

/** What commands that write images into a database ask of it. */
export const imagesetOptions = {
  gray: flag("--gray", "one channel instead of three"),
  shuffle: flag("--shuffle", "put the list into random order"),
  checkSize: flag("--check_size", "stop at an image of another size than the first"),
  encoded: flag("--encoded", "keep the images as files in the records"),
  encodeType: option("--encode_type <type>", "encode them all as jpg or png (implies --encoded)", text, ""),
  backend,
  resizeWidth: option("--resize_width <n>", "width of all images, in pixels; 0: unchanged", integer(0), 0),
  resizeHeight: option("--resize_height <n>", "height of all images, in pixels; 0: unchanged", integer(0), 0),
  seed,
  json,
};

/** How commands that run a net on pictures prepare their values. */
export const mean: Parameter<string | undefined> = option(
  "--mean <file|values>",
  "the mean to subtract: .npy, .binaryproto, or a value per channel: 104,117,123",
);
export const inputOptions = {
  inputScale: option("--input-scale <n>", "multiplier of the values after the mean is subtracted", number),
  channelSwap: option(
    "--channel-swap <order>",
    "order of red (0), green (1) and blue (2) (default: 2,1,0 for three)",
    numbers,
  ),
};

/** Options of all commands that run a net. */
export const runOptions = {
  engine: option("--engine <name>", "the engine that computes", oneOf("auto", "blas", "wasm", "reference"), "auto"),
  threads: option("--threads <n>", "threads to use; default: one per core", integer(1)),
  dialect: option("--dialect <name>", "the fork of Caffe that the net is written for; default: what its fields tell"),
  gpu: option("--gpu <ids>", "as in Caffe; there is no GPU engine, so the CPU is used"),
};

/** Options of commands that run a net forward: ONNX Runtime can compute it too. */
export const forwardOptions = {
  ...runOptions,
  engine: option(
    "--engine <name>",
    "the engine that computes; onnxruntime exports the net to it, in phase TEST",
    oneOf("auto", "blas", "wasm", "reference", "onnxruntime"),
    "auto",
  ),
  provider: option(
    "--provider <name>",
    "with --engine onnxruntime, where it computes: cpu, cuda, coreml, dml, webgpu, …",
  ),
};

/** `--certify` and `--no-certify`; without both, undefined. */
const certify: Parameter<boolean | undefined> = (command) => {
  flag(
    "--certify",
    "compare in ONNX Runtime, or fail where it is not installed; default: compare where it is",
  )(command);
  return () =>
    command.getOptionValueSource("certify") === "cli" ? command.getOptionValue("certify") === true : undefined;
};

/** How a Caffe net and an ONNX model are held against each other. */
export const certifyOptions = {
  certify,
  tolerance: option("--tolerance <part>", "largest error of a blob, relative to its largest value", positive, 1e-4),
  inputs: repeated(
    "--input <name=file>",
    "values of an input to compare on too, .npy or .json; drawn ones are compared in any case",
    addNamed("a name and a file, as data=x.npy"),
    {},
  ),
  seed: option("--seed <n>", "of the drawn inputs", integer(0), 1),
};

/** What commands ask of the processes that train a net, which only look at it. */
export const knownRanksOptions = {
  ranks: option("--ranks <n>", "the number of ranks that train the net together, each with its batch_size", integer(1)),
  syncBatchNorm: flag(
    "--sync-bn",
    "with --ranks: they train with --sync-bn, by the statistics of all batches together",
  ),
};

/** Caffe's options that select layers of a net by its state. */
export const stateOptions = {
  level: option("--level <n>", "level of the net, for include and exclude rules", integer(-(2 ** 31)), 0),
  stages: option("--stage <names>", "stages of the net, separated by commas", list, []),
};
