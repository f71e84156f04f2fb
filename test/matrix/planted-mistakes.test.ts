// Nets with BatchNorm, drawn from a seed, each with one mistake of a catalogue: lint has to find that one and nothing else.
// `MOKA_FUZZ_NETS` is the number of nets for each kind of mistake, `MOKA_FUZZ_SEED` the first seed.
import { expect, test } from "vitest";
import type { Finding } from "../../src/lint/lint.js";
import { Dice } from "../dice.js";
import { drawNet } from "./planted-mistakes/draw-net.js";
import type { Habits } from "./planted-mistakes/habits.js";
import { mistakes } from "./planted-mistakes/index.js";
import { findingsOf } from "./planted-mistakes/lint-drawn.js";
import { blockOf, type Given, type Mistake } from "./planted-mistakes/mistake.js";
import { type DrawnNet, netText, solverText } from "./planted-mistakes/net-text.js";
import { withWeights } from "./planted-mistakes/run-net.js";
import { Score } from "./planted-mistakes/score.js";

const count = Number(process.env["MOKA_FUZZ_NETS"] ?? 2);
const seed = Number(process.env["MOKA_FUZZ_SEED"] ?? 1);
/** Not every net has a place for every mistake, so more are drawn. */
const mostDraws = 60;

/** The first nets from a seed on into which the mistake can be planted. */
async function* plantedNets(mistake: Mistake, first: number, wish = mistake.wish): AsyncGenerator<Given> {
  for (let i = 0; i < mostDraws; i++) {
    const drawn = drawNet(first + i, wish);
    const dice = new Dice(first + i);
    const hasWeights = wish?.weights ?? dice.chance(0.2);
    const clean = hasWeights ? await withWeights(drawn) : drawn;
    const planted = structuredClone(clean);
    const layer = mistake.plant(planted, dice);
    const block = layer === undefined ? undefined : (blockOf(planted, layer) ?? planted.blocks[0]);
    if (layer !== undefined && block) yield { clean, planted, layer, block };
  }
}

/** Whether a finding names the layer, or stands in its text. */
function isAt(net: DrawnNet, { message, line }: Finding, layer: string): boolean {
  if (message.includes(`"${layer}"`)) return true;
  const lines = (net.isInSolver && net.solver ? solverText(net) : netText(net)).split("\n");
  const start = lines.slice(0, line).findLastIndex((each) => each.startsWith("layer {"));
  const behind = lines.findIndex((each, index) => index > start && each.startsWith("layer {"));
  return lines
    .slice(start, behind < 0 ? undefined : behind)
    .join("\n")
    .includes(`name: "${layer}"`);
}

const keyOf = ({ rule, message }: Finding) => `${rule} ${message}`;

test("a net with one mistake has the finding of that mistake, and no other", { timeout: 3_600_000 }, async () => {
  expect(new Set(mistakes.map(({ kind }) => kind)).size).toBe(mistakes.length);
  const score = new Score();
  for (const [index, mistake] of mistakes.entries()) {
    const { kind, rule, companions = [], pending = false } = mistake;
    let planted = 0;
    for await (const given of plantedNets(mistake, seed + 1000 * index)) {
      const before = new Set((await findingsOf(given.clean)).map(keyOf));
      const found = (await findingsOf(given.planted)).filter((finding) => !before.has(keyOf(finding)));
      const isWanted = (finding: Finding) => finding.rule === rule && isAt(given.planted, finding, given.layer);
      const isRight = (finding: Finding) => isWanted(finding) || companions.some((each) => each.rule === finding.rule);
      score.add({
        ...{ kind, rule, pending },
        isFound: found.some(isWanted),
        right: found.filter(isWanted).length,
        wrong: found.filter((finding) => !isRight(finding) && finding.severity !== "info"),
        net: given.planted,
        layer: given.layer,
      });
      if (++planted >= count) break;
    }
    expect(planted, `nets with ${kind}`).toBe(count);
  }
  process.stdout.write(score.table());
  expect(score.failures()).toBe("");
});

test("a net without a mistake has no error and no warning", { timeout: 3_600_000 }, async () => {
  const wrong: string[] = [];
  const nets = 60 * count;
  for (let i = 0; i < nets; i++) {
    const drawn = drawNet(seed + i);
    const net = i % 4 === 0 ? await withWeights(drawn) : drawn;
    for (const { rule, severity, message } of await findingsOf(net)) {
      if (severity !== "info")
        wrong.push(`seed ${seed + i}, ${net.family} ${net.kind}: ${severity} ${rule}: ${message}`);
    }
  }
  process.stdout.write(`${nets} nets without a mistake: ${wrong.length} errors and warnings\n`);
  expect(wrong.join("\n")).toBe("");
});

const shown = mistakes.flatMap((mistake) => (mistake.shown ? [[mistake.kind, mistake, mistake.shown] as const] : []));

test.each(shown)("what Caffe does: %s", async (_, mistake, show) => {
  const { families = ["convolutions"], habits, ...wish } = mistake.wish ?? {};
  const plain: Partial<Habits> = {
    ...{ normInPlace: false, scaleInPlace: false, activationInPlace: false, isNormTwice: false },
    ...{ activation: "ReLU", source: "Input" },
    ...habits,
  };
  const family = families.includes("convolutions") ? "convolutions" : (families[0] ?? "convolutions");
  const all = plantedNets(mistake, seed, {
    kind: "train_val",
    weights: false,
    ...wish,
    families: [family],
    habits: plain,
  });
  const { value } = await all.next();
  expect(value, "a net with this mistake").toBeDefined();
  if (value) await show(value);
});
