// Plants causes into nets with BatchNorm, and asks the doctor: `npm run causes`. It prints what the doctor said of each kind, and exits with
// 1 if it stated something as fact that is not so, or named or rightly refused fewer than 95 % of the causes.
//
//   npm run causes                                    all nets and kinds
//   npm run causes -- --net conv,ip --kind stale      some nets; kinds that contain a text
//   npm run causes -- --seed 2                        other data and weights
//   npm run causes -- --verbose                       each case: what was planted, what it does, what was said
//   npm run causes -- --json                          the same as JSON
//   npm run causes -- --quick                         a fixed choice of two nets, in a few seconds
//
// Each case is measured first by running the net with and without it: what does no harm must be called well. The nets are trained anew each
// time. The real model is read from ../shared/corpus where that is; without it, this net is left out and said to be.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { catalogue } from "./planted-causes/catalogue/index.mjs";
import { evaluate } from "./planted-causes/evaluate.mjs";
import { confusion, totals } from "./planted-causes/judge.mjs";

const { values } = parseArgs({
  options: {
    net: { type: "string" },
    kind: { type: "string" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});

/** Kinds of the quick choice; the nets are conv and ip. */
const quick = [
  "healthy",
  "too few: one image",
  "input: × 255",
  "labels: plus one",
  "reading: factor 1, not divided",
  "reading: mean and variance exchanged",
  "one layer's averages: random",
  "empty: all layers",
  "stale: weights moved on",
  "zero scale",
  "eps 2, trained with 1e-5",
  "unfilled: a layer by another name",
];

const isKind = (kind) =>
  values.quick
    ? quick.includes(kind)
    : values.kind === undefined || values.kind.split(",").some((part) => kind.includes(part));
const wanted = values.quick ? "conv,ip" : values.net;
const isNet = (name) => wanted === undefined || wanted.split(",").includes(name);
const chosen = catalogue.filter(({ kind }) => isKind(kind));

if (values.list) for (const { kind, nets } of chosen) console.log(`${kind}: ${nets.filter(isNet).join(", ")}`);
else {
  const folder = mkdtempSync(join(tmpdir(), "moka-causes-"));
  try {
    const results = await evaluate(chosen, {
      isNet,
      seed: Number(values.seed),
      folder,
      first: values.quick,
      each: values.verbose ? show : () => {},
    });
    const sums = totals(results);
    if (values.json) console.log(JSON.stringify({ ...sums, results }, null, 1));
    else {
      for (const line of confusion(results)) console.log(line);
      for (const result of results) if (!values.verbose && (!result.isNamed || result.isWrong)) show(result);
      console.log(
        `\n${sums.cases} cases: ${sums.named} named or rightly refused (${(100 * sums.share).toFixed(1)} %), ` +
          `${sums.wrong} with something stated as fact that is not so`,
      );
    }
    process.exitCode = sums.wrong === 0 && sums.share >= 0.95 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function show({
  net,
  kind,
  variant,
  harm,
  seen,
  isNamed,
  isWrong,
  reasons,
  verdict,
  causes,
  tried,
  notes,
  expected,
  seconds,
}) {
  const mark = isWrong ? "WRONG " : isNamed ? "right " : "missed";
  const out = values.json ? console.error : console.log;
  out(`${mark} ${net} | ${kind} | ${variant}: harm ${harm}: ${seen} (${seconds} s)`);
  if (reasons.length > 0) out(`       ${reasons.join("; ")}; expected ${JSON.stringify(expected)}`);
  out(`       verdict ${verdict}`);
  if (values.verbose) for (const line of tried) out(`       tried ${line}`);
  if (values.verbose) for (const line of notes) out(`       note ${line}`);
  for (const { kind: cause, shown, layers, title, evidence = [], against = [] } of causes) {
    out(`       ${shown ? "shown" : "possible"} ${cause} (${layers.join(", ")}): ${title}`);
    if (!values.verbose) continue;
    for (const line of evidence) out(`         + ${line}`);
    for (const line of against) out(`         - ${line}`);
  }
}
