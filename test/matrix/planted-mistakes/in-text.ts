// Fields that Caffe does not have: of forks, and misspelled.
import { expect } from "vitest";
import { bvlcTypes } from "../../bvlc-types.js";
import { refused, refusedByReader } from "./behaviour.js";
import { changeNorm, type Mistake, pick, setField } from "./mistake.js";

const givesUp = "Its reader gives up at a field it does not know, and loads nothing of the file.";

function fields(
  kind: string,
  caffe: string,
  rule: string,
  message: string,
  values: Readonly<Record<string, string>>,
): Mistake {
  return {
    ...{ kind, caffe, rule, shown: refusedByReader },
    wish: { weights: false },
    plant: (net, dice) =>
      changeNorm(net, dice, (norm) => {
        for (const [name, value] of Object.entries(values)) setField(norm, message, name, value);
      }),
  };
}

const forkField = (fork: string, values: Readonly<Record<string, string>>) => {
  return fields(`${fork}'s ${Object.keys(values).join(", ")}`, givesUp, "bn-fork-fields", "batch_norm_param", values);
};

const misspelled = (name: string, value: string) => {
  return fields(`${name}: ${value}`, givesUp, "unknown-field", "batch_norm_param", { [name]: value });
};

function forkType(type: string, param: Readonly<Record<string, string>>, fork: string): Mistake {
  return {
    kind: `a layer ${type} of ${fork}`,
    caffe: `It aborts: "Unknown layer type: ${type}"${Object.keys(param).length > 0 ? ", after its reader has refused bn_param" : ""}.`,
    rule: "bn-fork-fields",
    companions: [{ rule: "bias-before-bn", reason: "a layer BN is batch normalization as well" }],
    wish: { weights: false, habits: { isNormTwice: false } },
    plant: (net, dice) =>
      changeNorm(net, dice, (norm) => {
        norm.type = type;
        norm.params = [];
        norm.fields = { bn_param: { ...param } };
      }),
    shown: async () => expect(bvlcTypes).not.toContain(type),
  };
}

export const inText: readonly Mistake[] = [
  forkField("NVIDIA", { scale_bias: "true" }),
  forkField("NVIDIA", { scale_filler: "{ value: 1 }", bias_filler: "{ value: 0 }" }),
  forkField("NVIDIA", { engine: "CAFFE" }),
  forkField("Intel", { engine: "MKL2017" }),
  forkField("Intel", { use_weight_bias: "true" }),
  forkField("Synopsys", { add_eps_before_sqrt: "true" }),
  forkField("PSPNet", { update_global_stats: "true" }),
  forkType("BN", { scale_filler: "{ value: 1 }", shift_filler: "{ value: 0 }" }, "SegNet's"),
  forkType("BN", { slope_filler: "{ value: 1 }", bias_filler: "{ value: 0 }", frozen: "true" }, "PSPNet's"),
  forkType("BN", {}, "a fork, without fields"),
  misspelled("use_global_stat", "false"),
  misspelled("use_global_status", "true"),
  misspelled("moving_average_frac", "0.9"),
  misspelled("momentum", "0.9"),
  misspelled("epsilon", "0.001"),
  fields("batch_norm_params", givesUp, "unknown-field", "batch_norm_params", { eps: "0.001" }),
  fields("batchnorm_param", givesUp, "unknown-field", "batchnorm_param", { eps: "0.001" }),
  fields("BatchNorm's field in scale_param", givesUp, "unknown-field", "scale_param", { use_global_stats: "true" }),
  {
    kind: "a type in other letters",
    caffe: 'It aborts: "Unknown layer type", as types are spelled with capitals.',
    rule: "unknown-layer",
    wish: { weights: false, habits: { isNormTwice: false } },
    plant: (net, dice) =>
      changeNorm(net, dice, (norm) => {
        norm.type = dice.of(["Batchnorm", "batchNorm", "BatchNormm", "BATCHNORM"]);
      }),
    shown: refused(/./),
  },
  {
    kind: "a Scale of a type in other letters",
    caffe: 'It aborts: "Unknown layer type".',
    rule: "unknown-layer",
    wish: { weights: false },
    plant(net, dice) {
      const block = pick(net, dice);
      if (block) block.scale.type = dice.of(["scale", "Scales", "SCALE"]);
      return block?.scale.name;
    },
    shown: refused(/./),
  },
  {
    kind: "no space between a number and the next field",
    caffe: "Older readers took it; today's give up at it.",
    rule: "glued-number",
    wish: { weights: false, habits: { isNormTwice: false } },
    plant: (net, dice) =>
      changeNorm(net, dice, (norm) => {
        norm.fields["batch_norm_param"] = { moving_average_fraction: "0.99eps: 0.001" };
      }),
    shown: refused(/./),
  },
  {
    kind: "bias_term in a BatchNorm",
    caffe: givesUp,
    rule: "bn-fork-fields",
    wish: { weights: false },
    plant: (net, dice) => changeNorm(net, dice, (norm) => setField(norm, "batch_norm_param", "bias_term", "true")),
    shown: refusedByReader,
  },
];
