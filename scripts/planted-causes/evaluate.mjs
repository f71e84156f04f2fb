// Makes the nets and the cases, measures each, asks the doctor, and judges.
import { Base } from "./base.mjs";
import { harmOf } from "./harm.mjs";
import { adjusted, judge, said } from "./judge.mjs";
import { doctor, run } from "./moka.mjs";
import { nets } from "./nets.mjs";
import { RealBase } from "./real.mjs";

/**
 * @param plantings those of the catalogue to try
 * @param options `isNet(name)`, `seed`, a `folder` for data, `each(result)` called after each case, `first`: only the first case of
 *   each planting
 */
export async function evaluate(plantings, { isNet, seed, folder, each, first = false }) {
  const results = [];
  for (const name of [...Object.keys(nets), "real"].filter(isNet)) {
    const own = plantings.filter(({ nets: names }) => names.includes(name));
    if (own.length === 0) continue;
    const base = name === "real" ? await RealBase.make(seed) : await Base.make(name, folder, seed);
    if (!base) {
      console.error(`no ${RealBase.place}: the real model is left out`);
      continue;
    }
    for (const { kind, plant } of own)
      for (const planted of (await plant(base)).slice(0, first ? 1 : undefined)) {
        const result = { net: name, kind, ...(await examine(planted, base)) };
        results.push(result);
        each(result);
      }
  }
  return results;
}

async function examine({ variant, model, weights, options = {}, right, expect, isFixed = false }, base) {
  const data = options.data;
  const { harm: measured, text } = await harmOf({ model, weights, data }, right, base.chance);
  // Both branches of a siamese net move alike: a loss that stays says little.
  const harm = base.data === "pairs" && measured === "no" ? "little" : measured;
  const expected = adjusted(expect, harm, isFixed);
  // What overflows behind the planted thing is so as well.
  if (text.includes("NaN")) expected.mayShow = [...expected.mayShow, "not finite"];
  const start = performance.now();
  const report = await doctor(model, new Uint8Array(weights), { ...run, ...options }).catch((error) => ({
    error: error.message,
    verdict: `error: ${error.message}`,
    causes: [],
  }));
  const seconds = Number(((performance.now() - start) / 1000).toFixed(1));
  return {
    variant,
    harm,
    seen: text,
    expected,
    seconds,
    said: said(report),
    verdict: report.verdict,
    causes: report.causes,
    tried: report.tried ?? [],
    notes: report.notes ?? [],
    ...judge(report, expected),
  };
}
