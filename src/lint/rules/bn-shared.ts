import { grouped } from "../../util/grouped.js";
import { formatNumber } from "../../util/number-format.js";
import { listed } from "../../util/words.js";
import { andOthers, type BatchNorm, batchNorms } from "../batch-norms.js";
import type { LintLayer } from "../layer.js";
import type { Location } from "../location.js";
import { fractionOf } from "../moving-average.js";
import type { Problem, Rule } from "../rule.js";
import type { View } from "../view.js";

const blobs = ["mean", "variance", "factor"] as const;

export const bnShared: Rule = {
  id: "bn-shared",
  severity: "info",
  summary: "BatchNorm layers that share averages by `param { name }`, in whole or in part, or only the Scale behind",

  *check({ views }) {
    for (const view of views) {
      const norms = batchNorms(view);
      const pairs = sharing(norms, ({ layer }) => layer).map(([norm, owner]) => ({ norm, owner }));
      for (const { norm, owner } of pairs) if (!sharesAll(owner.layer, norm.layer)) yield inPart(owner, norm);
      const whole = pairs.filter(({ norm, owner }) => sharesAll(owner.layer, norm.layer));
      const moving = [...grouped(whole, ({ owner }) => owner)].filter(([owner]) => !owner.usesGlobalStats);
      const [first, ...others] = moving;
      if (first && view.phase === "TRAIN")
        yield inWhole(
          first[0],
          first[1].map(({ norm }) => norm),
          others,
        );
      yield* scalesAlone(view, norms);
    }
  },
};

function inWhole({ layer }: BatchNorm, sharers: readonly BatchNorm[], others: readonly unknown[]): Problem {
  const all = sharers.map((sharer) => `"${sharer.layer.name}"`);
  const names = listed(all, all.length > 4 ? 3 : 4);
  const k = sharers.length + 1;
  return {
    at: placeOf(layer, layer),
    message: `${layer.label} shares its mean, variance and factor with ${names}${andOthers(others)}`,
    why:
      `In TRAIN each of the ${k} normalizes by its own batch, and each forward moves the same averages, ${k} times an ` +
      "iteration. In TEST all of them go by these, which are of what all of them saw: right for branches with the same " +
      "kind of input, else none of them is normalized as it was in training.",
  };
}

function inPart(owner: BatchNorm, { layer }: BatchNorm): Problem {
  const own = namesOf(layer);
  const theirs = namesOf(owner.layer);
  const at = placeOf(layer, owner.layer);
  const crossed = own.findIndex((name, index) =>
    theirs.some((their, i) => name !== "" && name === their && i !== index),
  );
  if (crossed >= 0) {
    const other = blobs[theirs.indexOf(own[crossed] ?? "")] ?? "";
    return {
      at,
      severity: "error",
      message: `${layer.label} shares its ${blobs[crossed]} with the ${other} of "${owner.layer.name}"`,
      why: "One blob cannot be both: each forward of either layer adds something else to it, and TEST normalizes by the mixture.",
    };
  }
  const shared = blobs.filter((_, index) => own[index] !== "" && own[index] === theirs[index]);
  const apart = blobs.filter((blob) => !shared.includes(blob));
  const after1000 = fractionOf(layer) ** 1000;
  const error = shared.includes("factor")
    ? `the ${apart.join(" and ")} used in TEST are 1/(1 + f^n) of what they should be after n iterations: half at first, ` +
      `${formatNumber(1 / (1 + after1000), 3)} after 1000`
    : `the ${shared.join(" and ")} used in TEST are 1 + f^n times what they should be after n iterations: twice at first, ` +
      `${formatNumber(1 + after1000, 3)} times after 1000`;
  return {
    at,
    severity: "warning",
    message: `${layer.label} shares its ${shared.join(" and ")} with "${owner.layer.name}", but not its ${apart.join(" and ")}`,
    why:
      "The three belong together: each forward makes s ← f·s + 1, M ← f·M + mean and V ← f·V + variance, and TEST goes by M/s and " +
      `V/s. What is shared moves twice an iteration, the rest once, so ${error}. And mean and variance are of different inputs, ` +
      "unless both are shared.",
  };
}

/** Scales that share γ or β after BatchNorm layers that share nothing. */
function* scalesAlone(view: View, norms: readonly BatchNorm[]): Generator<Problem> {
  const pairs = sharing(norms, ({ scale }) => scale).flatMap(([{ layer, scale }, owner]) => {
    return scale && owner.scale && !sharesAny(owner.layer, layer)
      ? [{ layer, scale, owner: owner.layer, other: owner.scale }]
      : [];
  });
  const [first, ...others] = pairs;
  if (!first || view.phase !== "TRAIN") return;
  yield {
    at: placeOf(first.scale, first.other),
    message: `${first.scale.label} shares its parameters with "${first.other.name}", but the BatchNorm before it shares none${andOthers(others)}`,
    why:
      `"${first.layer.name}" and "${first.owner.name}" each gather averages of their own. If the branches are meant to be one net, ` +
      "they are so in TRAIN, but in TEST each normalizes by what it saw itself; a net that keeps only one branch has its averages.",
  };
}

/** The layers with a parameter of the same name as an earlier layer's, each with the first such layer. */
function sharing(norms: readonly BatchNorm[], layerOf: (norm: BatchNorm) => LintLayer | undefined) {
  const owners = new Map<string, { readonly norm: BatchNorm; readonly index: number }>();
  return norms.flatMap((norm, index): (readonly [BatchNorm, BatchNorm])[] => {
    const names = (layerOf(norm)?.message.param ?? []).flatMap(({ name }) => (name === "" ? [] : [name]));
    const found = names.flatMap((name) => owners.get(name) ?? []).sort((a, b) => a.index - b.index);
    for (const name of names) if (!owners.has(name)) owners.set(name, { norm, index });
    return found[0] ? [[norm, found[0].norm]] : [];
  });
}

function sharesAny({ message: { param: names } }: LintLayer, { message: { param } }: LintLayer): boolean {
  return param.some(({ name }) => name !== "" && names.some((other) => other.name === name));
}

function sharesAll(a: LintLayer, b: LintLayer): boolean {
  const names = namesOf(a);
  return namesOf(b).every((name, index) => name !== "" && name === names[index]);
}

/** The place of the first parameter name that a layer has in common with another. */
function placeOf(layer: LintLayer, other: LintLayer): Location {
  const names = namesOf(other).filter((name) => name !== "");
  const index = namesOf(layer).findIndex((name) => names.includes(name));
  return layer.values("param")[index]?.field ?? layer.at();
}

/** The names of a layer's three parameters; "" for one without a name. */
function namesOf({ message: { param } }: LintLayer): readonly string[] {
  return blobs.map((_, index) => param[index]?.name ?? "");
}
