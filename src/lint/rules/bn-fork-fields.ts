import { grouped } from "../../util/grouped.js";
import { andOthers } from "../batch-norms.js";
import { obstacle, planFor } from "../fork-plan.js";
import { rewriteFork } from "../fork-rewrite.js";
import { type ForkNorm, forkNorm, isForkType, isTrue, scalarIn } from "../forks.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Problem, Rule } from "../rule.js";

export const bnForkFields: Rule = {
  id: "bn-fork-fields",
  severity: "error",
  summary:
    "batch normalization as a fork of Caffe has it: a layer BN, or fields of NVIDIA's, Intel's or others' BatchNorm",

  *check(net) {
    const problems = net.layers.flatMap((layer) => {
      const norm = forkNorm(layer);
      return norm ? [problemOf(net, layer, norm)] : [];
    });
    yield* problems.filter(({ fix }) => fix);
    // A problem without a fix that several layers have is reported once for all of them.
    const unfixable = grouped(
      problems.filter(({ fix }) => !fix),
      ({ why }) => why,
    );
    for (const [first, ...others] of unfixable.values())
      if (first) yield { ...first, message: first.message + andOthers(others) };
  },
};

function problemOf(net: LintNet, layer: LintLayer, norm: ForkNorm): Problem {
  const plan = planFor(net, layer, norm);
  const rest = typeof plan === "string" ? ` Moka does not rewrite this: ${plan}.` : "";
  const isType = isForkType(layer);
  const runs = obstacle(norm.param) ? "" : " Moka runs it as the fork does; BVLC's Caffe refuses it.";
  return {
    at: isType ? layer.at("type") : (norm.refused[0] ?? layer.at()),
    message: `${layer.label} ${isType ? typeProblem(layer, norm) : fieldProblem(norm)}`,
    why: `${isType ? meaningOfBN(norm) : meaningOfBatchNorm(norm)}${runs}${rest}`,
    fix: typeof plan === "string" ? undefined : rewriteFork(net, layer, norm, plan),
  };
}

function typeProblem({ type }: LintLayer, { fork, refused }: ForkNorm): string {
  const field = refused.length > 0 ? " with bn_param" : "";
  return `is of a type that Caffe does not have: ${type}${field} is ${fork ? `${fork}'s` : "SegNet's or PSPNet's"}`;
}

function fieldProblem({ fork, refused }: ForkNorm): string {
  const names = [...new Set(refused.map(({ name }) => name))];
  const list = names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names.join();
  return `has ${list} in batch_norm_param, which ${fork}'s fork of Caffe reads and Caffe refuses`;
}

function meaningOfBN({ fork, param }: ForkNorm): string {
  if (fork === "SegNet" && scalarIn(param, "bn_mode") === "INFERENCE") {
    return (
      "With bn_mode: INFERENCE it normalizes nothing: it is y = scale·x + shift by channel, with the averages already in both, " +
      "which in Caffe is a Scale with bias_term: true."
    );
  }
  if (fork === "SegNet") {
    return (
      "It is batch normalization with γ and β inside, by the statistics of the batch in TRAIN and in TEST, with an eps of 1e-9. " +
      "In Caffe that is a BatchNorm and a Scale with bias_term: true; in TEST this BatchNorm goes by its averages, which " +
      "SegNet computes by another program."
    );
  }
  if (fork === undefined)
    return "Caffe's batch normalization is a BatchNorm and a Scale with bias_term: true behind it.";
  const fraction = scalarIn(param, "momentum") ?? "0.9";
  const how = isTrue(param, "frozen")
    ? "With frozen: true it goes by its averages in TRAIN too, and γ and β do not learn: use_global_stats: true and lr_mult: 0"
    : `Its averages keep ${fraction} of themselves each forward: moving_average_fraction: ${fraction}`;
  return `It is batch normalization with γ and β inside; in Caffe a BatchNorm and a Scale with bias_term: true. ${how}.`;
}

function meaningOfBatchNorm({ fork, param, refused }: ForkNorm): string {
  const names = new Set(refused.map(({ name }) => name));
  const refuses = "Caffe's reader gives up at a field it does not know.";
  if (fork === "NVIDIA" && (isTrue(param, "scale_bias") || names.has("scale_filler") || names.has("bias_filler"))) {
    return (
      `${refuses} This BatchNorm has γ and β inside, so that its weights have five blobs; Caffe's has three, and needs a Scale ` +
      "with bias_term: true behind it. Left out, the net would train and run without γ and β."
    );
  }
  if (fork === "NVIDIA")
    return `${refuses} Here they change nothing of what is computed: engine picks a program, and there is no γ.`;
  if (fork === "Intel") {
    return (
      `${refuses} Where an MKL engine runs it, Intel's BatchNorm has γ and β inside, or takes over those of a Scale behind it; ` +
      "Caffe's has neither, and always needs the Scale."
    );
  }
  return `${refuses} In ${fork}'s fork it changes what BatchNorm computes.`;
}
