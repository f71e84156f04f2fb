import { grouped } from "../../../util/grouped.js";
import { formatNumber } from "../../../util/number-format.js";
import { listed } from "../../../util/words.js";
import { divergences, mean } from "../../batch-norm/fit.js";
import type { Cause } from "../cause.js";
import { blobsOf } from "../lab.js";
import type { Subject } from "../subject.js";
import { fitting, type State, scoreLine } from "./state.js";

/** BatchNorm layers that share their averages by `param { name }`, and see different inputs. */
export async function explainBySharing(subject: Subject, state: State): Promise<State> {
  const { norms, lab, judge, given, tried } = subject;
  const groups = [...grouped(norms, ({ message }) => message.param.map(({ name }) => name).join(" ")).entries()]
    .filter(([key, group]) => key.trim() !== "" && group.length > 1)
    .map(([, group]) => group);
  let current = state;
  for (const group of groups) {
    const off = group.filter(({ name }) => state.fits.some(({ norm, isOff }) => norm.name === name && isOff));
    const measured = group.flatMap(({ name }) => {
      const own = state.observed.norms.get(name);
      return own ? [{ name, own }] : [];
    });
    const [first, ...others] = measured;
    if (off.length === 0 || !first) continue;
    const { norm } = state.fits.find((fit) => fit.norm.name === first.name) ?? {};
    const apart = Math.max(...others.map(({ own }) => mean(divergences(own, first.own, norm?.eps ?? 1e-5))));
    if (!(apart > fitting / 2)) {
      tried.push(
        `the inputs of ${listed(
          group.map(({ name }) => name),
          3,
        )}, which share averages, are alike`,
      );
      continue;
    }
    const averages = new Map(current.averages);
    for (const { name, own } of measured) {
      averages.set(name, blobsOf(own));
    }
    const after = await lab.score(given.set, averages, current.variant);
    if (judge.isWorse(given.averages, after) === false) continue;
    const names = group.map(({ name }) => name);
    tried.push(`averages of its own for each of ${listed(names, 3)}: ${judge.text(after.scores) || "they fit"}`);
    const cause: Cause = {
      kind: "shared",
      shown: true,
      title: `one BatchNorm for different inputs: ${listed(names, 3)} share their averages`,
      layers: names,
      evidence: [
        `what reaches ${names[0]} and ${names[1]} differs by ${formatNumber(apart, 3)} nats a channel, so one average cannot fit both`,
        ...scoreLine(subject, "with averages of its own for each", after.scores),
      ],
      against: [],
      remedy:
        "Give each its own averages: other names in param { name }, or none (the weights of the convolutions can stay shared); then " +
        "moka calibrate measures them. moka lint explains it as bn-shared.",
    };
    const fitted = current.fits.map((fit) =>
      names.includes(fit.norm.name) ? { ...fit, divergence: 0, isOff: false } : fit,
    );
    current = { ...current, averages, fits: fitted, causes: [...current.causes, cause], after };
  }
  return current;
}
