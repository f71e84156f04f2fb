import { type BatchNorm, batchNorms } from "../batch-norms.js";
import type { LintLayer } from "../layer.js";
import { learns, needingBackward } from "../learning.js";
import type { LintNet } from "../net.js";
import { placeOfSpec, setSpec, writtenSpecs } from "../param-specs.js";
import type { Problem, Rule } from "../rule.js";

export const scaleFrozen: Rule = {
  id: "scale-frozen",
  severity: "warning",
  summary: "a Scale behind a BatchNorm that does not learn in a net that does: BatchNorm's `lr_mult: 0` copied to it",

  *check(net) {
    for (const norm of net.views.filter(({ phase }) => phase === "TRAIN").flatMap(batchNorms)) {
      const problem = norm.scale && !isFrozenAround(norm) && problemOf(net, norm, norm.scale);
      if (problem) yield problem;
    }
  },
};

/** Whether the BatchNorm or what leads to it is frozen too, as in fine-tuning, or only data come before it. */
function isFrozenAround({ view, before, usesGlobalStats }: BatchNorm): boolean {
  if (usesGlobalStats || !before || !needingBackward(view).has(before)) return true;
  return (before.facts?.paramCount ?? 0) > 0 && !learns(before);
}

function problemOf({ weights, edit }: LintNet, { layer }: BatchNorm, scale: LintLayer): Problem | undefined {
  const names: readonly ("γ" | "β")[] = scale.message.scaleParam?.biasTerm ? ["γ", "β"] : ["γ"];
  const blobs = weights?.of(scale) ?? [];
  const frozen = names.filter((name, index) => {
    if (scale.message.param[index]?.lrMult !== 0) return false;
    // A parameter that the weights bring trained is frozen on purpose.
    return blobs[index]?.data.every((value) => value === (name === "γ" ? 1 : 0)) ?? true;
  });
  const [first] = frozen;
  if (!first) return undefined;
  const specs = writtenSpecs(scale) ?? [];
  const wrong = frozen.flatMap((name) => specs[names.indexOf(name)] ?? []);
  const [spec] = wrong;
  const onlyGamma = frozen.length === 1 && first === "γ" && names.length === 2;
  return {
    at: spec ? placeOfSpec(spec, "lr_mult") : scale.at(),
    severity: onlyGamma ? "info" : "warning",
    message: `${scale.label} behind BatchNorm "${layer.name}" never learns ${frozen.join(" and ")}: lr_mult is 0`,
    why: `lr_mult: 0 is for the three statistics of a BatchNorm, which are computed; those of a Scale are learned. ${consequence(frozen.length === names.length, first)}`,
    fix:
      onlyGamma || weights || wrong.length === 0
        ? undefined
        : { edits: wrong.flatMap((each) => setSpec(edit, each, { lr_mult: "1" })) },
  };
}

function consequence(all: boolean, first: "γ" | "β"): string {
  if (all) {
    return (
      "What its filler or a caffemodel gives stays, in a net whose layers before learn. With the default of γ = 1 and β = 0 that " +
      "is as if the Scale were not there."
    );
  }
  return first === "β"
    ? "Its shift stays what its filler or a caffemodel gives, 0 by default: every channel keeps mean 0, and a ReLU behind it cuts about half of the values away."
    : "Its scale stays what its filler or a caffemodel gives, 1 by default. Linear layers behind it, also behind a ReLU, can learn the scale in its place, so this costs little.";
}
